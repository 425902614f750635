"""Signing in with an identity provider: OpenID Connect, code flow with PKCE, state and nonce, by Authlib."""

import logging
from typing import Any

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from web.entrance.claims import Provider
from web.ground import errors, identity, language, rules
from web.ground.language import gettext, local_address
from workflow import clock
from workflow.db import Session
from workflow.errors import Invalid, NotAllowed, NotPossible
from workflow.settings import Settings
from workflow.staff import identities
from workflow.vocabulary import SignInBy

PATIENCE = 5  # seconds for the provider to answer
SIGNED_WITH = ("RS256", "PS256", "ES256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "EdDSA")
LEEWAY = 60  # seconds that its clock may differ from ours

log = logging.getLogger(__name__)


class Way:
    """The way in through one provider."""

    def __init__(self, app: Flask, provider: Provider, settings: Settings) -> None:
        self.provider, self.base_url = provider, settings.base_url
        self.client = OAuth(app).register(
            "provider",
            client_id=provider.client_id,
            client_secret=provider.secret,
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": provider.scope, "code_challenge_method": "S256", "default_timeout": PATIENCE},
        )

    def look_up(self) -> None:
        """What the provider says of itself: it must be who we mean, and only signatures that prove something count."""
        found: dict[str, Any] = self.client.load_server_metadata()
        if found.get("issuer") != self.provider.issuer:
            raise ValueError("another issuer answers")
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [each for each in offered if each in SIGNED_WITH]
        if not found["id_token_signing_alg_values_supported"]:
            raise ValueError("no signature that proves anything")

    def ask(self) -> ResponseReturnValue:
        """Send the browser there."""
        try:
            self.look_up()
            session.clear()
            session["back"] = local_address(request.args.get("back", "/"))
            where = self.base_url + url_for("provider_answers")
            answer: ResponseReturnValue = self.client.authorize_redirect(where, **self.provider.parameters)
        except (requests.RequestException, OAuthError, ValueError) as error:
            return _silent(error)
        return answer

    def answer(self) -> ResponseReturnValue:
        """The browser comes back, with a code that only we can turn into claims."""
        back = session.get("back", "/")
        g.here = url_for("sign_in_page")  # what the address of this page holds stands in no other
        try:
            if "error" in request.args:
                log.warning("the identity provider said no")
                return errors.page(
                    403, gettext("Your provider did not let you in, or you changed your mind. Try again.")
                )
            self.look_up()
            claims = self.claims()
        except requests.RequestException as error:
            return _silent(error)
        except (OAuthError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
            return _mistrusted(type(error).__name__)
        finally:
            session.clear()
        return self.let_in(claims, back)

    def claims(self) -> dict[str, Any]:
        """What the verified id_token says, and what the provider adds when asked: many put in only who it is.

        Raises ValueError, and what Authlib raises, when it does not hold.
        """
        token = self.client.authorize_access_token(leeway=LEEWAY)
        said: dict[str, Any] = token.get("userinfo") or {}
        if not said.get("sub"):
            raise ValueError("the token names nobody")
        if not self.client.server_metadata.get("userinfo_endpoint"):
            return said
        more: dict[str, Any] = self.client.userinfo(token=token)
        if more.get("sub") != said["sub"]:
            raise ValueError("the provider speaks of two people")
        return {**more, **said}

    def let_in(self, claims: dict[str, Any], back: str) -> ResponseReturnValue:
        """Who that is here."""
        try:
            claimed = self.provider.read(claims)
            with Session.begin() as opened:
                person = identities.person_who(
                    opened, claimed, at=clock.real_now(), creates=self.provider.creates_people
                )
                opened.flush()
                opened.expunge(person)
        except (NotAllowed, Invalid, NotPossible) as error:
            log.warning("the identity provider knows somebody whom we do not: %s", error.code)
            return errors.page(403, NotAllowed("unknown_to_us").say(language.current()))
        found = identity.let_in(person, SignInBy.PROVIDER)
        return redirect(
            url_for(identity.STEPS[found.lacks], back=back) if found.lacks else local_address(back), code=303
        )


def _mistrusted(why: str) -> ResponseReturnValue:
    log.warning("an answer of the identity provider does not hold: %s", why)
    sentence = gettext(
        "The answer from your provider could not be used: it is too old, or not for this browser. Try again."
    )
    return errors.page(400, sentence)


def _silent(error: Exception) -> ResponseReturnValue:
    log.error("the identity provider does not answer as it should: %s", type(error).__name__)
    return errors.page(502, gettext("Your provider does not answer right now. Try again in a minute."))


def register(app: Flask, provider: Provider) -> None:
    """The way in through this provider."""
    way = Way(app, provider, app.config["OVERGANG"])

    @app.get("/sign-in/provider")
    @rules.public
    def ask_provider() -> ResponseReturnValue:
        return way.ask()

    @app.get("/sign-in/provider/answer")
    @rules.public
    def provider_answers() -> ResponseReturnValue:
        return way.answer()
