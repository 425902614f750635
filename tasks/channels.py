"""The channels of this installation. A new one is a file in `workflow/telling/channels/` and a line here."""

from workflow.settings import Settings
from workflow.telling.channels.channel import Channel
from workflow.telling.channels.gateway import Gateway
from workflow.telling.channels.mail import Mail


def configured(settings: Settings) -> tuple[Channel, ...]:
    """Those that the settings have an address for. Raises MissingSettings for one that is no address."""
    channels: list[Channel] = []
    if settings.smtp_url:
        channels.append(Mail(settings.smtp_url, settings.mail_from))
    if settings.gateway_url:
        channels.append(Gateway(settings.gateway_url, settings.gateway_token))
    return tuple(channels)
