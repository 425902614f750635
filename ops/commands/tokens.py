"""overgang tokens: systems that act here, and the tokens by which they do, from the machine itself."""

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from ops import door, naming
from ops.errors import CannotDo
from workflow import clock, people, roles, sign_ins
from workflow import tokens as register
from workflow.actor import Actor
from workflow.errors import NotFound, WorkflowError
from workflow.tables import Person, PersonRole, Token, Unit
from workflow.tokens import FOR_SYSTEMS, LONGEST
from workflow.vocabulary import Language, Origin, Role, Scope

FOR = [role.value for role in Role if role not in roles.NOT_FOR_SYSTEMS]
