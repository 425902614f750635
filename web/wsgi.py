"""Where a web process starts."""

from web.app import create_app
from workflow import db, keys
from workflow.settings import Settings

settings = Settings.from_environment()
keys.use(settings)
db.connect(settings.database_url)
app = create_app(settings)
