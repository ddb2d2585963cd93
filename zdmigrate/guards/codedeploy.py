"""Tells AWS CodeDeploy how a lifecycle hook of a deployment went: Succeeded, or Failed, which makes it roll back."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from zdmigrate.errors import ConfigError
from zdmigrate.guards.webhook import Untold


class Hook(NamedTuple):
    """One execution of a lifecycle hook: ``DeploymentId`` and ``LifecycleEventHookExecutionId`` of its event."""

    deployment: str
    execution: str


def client() -> Any:
    """A boto3 client with boto3's own ways to credentials. Raises ConfigError where boto3 or a region is missing.

    AWS sets AWS_REGION inside of ECS and Lambda; boto3 by itself reads AWS_DEFAULT_REGION and its files.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise ConfigError("--codedeploy needs boto3", hint="pip install 'zdmigrate[aws]'") from None
    try:
        return boto3.client("codedeploy", region_name=os.environ.get("AWS_REGION"))
    except BotoCoreError as error:
        raise ConfigError(f"--codedeploy: {error}", hint="set AWS_REGION") from None


def put_status(codedeploy: Any, hook: Hook, *, well: bool) -> None:
    """Answer the hook (PutLifecycleEventHookExecutionStatus in CodeDeploy's API reference). Raises Untold."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=hook.deployment,
            lifecycleEventHookExecutionId=hook.execution,
            status="Succeeded" if well else "Failed",
        )
    except (BotoCoreError, ClientError) as error:
        raise Untold(f"CodeDeploy: {' '.join(str(error).split())}") from None
