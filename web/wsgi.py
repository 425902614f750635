"""Where a web process starts."""

import gc

from web.app import create_app
from workflow import db, installation, keys
from workflow.seeing import masking
from workflow.settings import Settings

masking.install()
settings = Settings.from_environment()
keys.use(settings)
db.connect(settings.database_url)
installation.require_at_start(settings)
app = create_app(settings)

# What there is now stays for as long as the process does: no collection during a request need look at it again. And a
# page makes thousands of things that go with it: looked for every 700, most collections would find them still in use.
gc.collect()
gc.freeze()
gc.set_threshold(5_000)
