"""A client of AWS, with boto3's own ways to credentials, and time-outs that fit a look."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zdmigrate.errors import ConfigError
from zdmigrate.live.sighting import SourceSilent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zdmigrate.live.settings import Settings


def client_of(settings: Settings, service: str) -> Any:
    """A boto3 client, in ``region`` if the table names one. Raises ConfigError where boto3 is not installed.

    AWS sets AWS_REGION inside of ECS and Lambda; boto3 by itself reads AWS_DEFAULT_REGION and its files.
    """
    region, timeout = settings.text("region", "") or os.environ.get("AWS_REGION"), settings.seconds("time_limit", 10.0)
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise ConfigError(f"{settings.where} needs boto3", hint="pip install 'zdmigrate[aws]'") from None
    patience = Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 2})
    try:
        return boto3.client(service, region_name=region, config=patience)
    except BotoCoreError as error:
        raise ConfigError(f"{settings.where}: {error}", hint="name its region, or set AWS_REGION") from None


def asked(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer of one call. Raises SourceSilent with what AWS says."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise SourceSilent(" ".join(str(error).split())) from None


def pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
    """The members of a list that comes in pages. Raises SourceSilent with what AWS says."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        for page in client.get_paginator(operation).paginate(**arguments):
            yield from page.get(key) or []
    except (BotoCoreError, ClientError) as error:
        raise SourceSilent(" ".join(str(error).split())) from None
