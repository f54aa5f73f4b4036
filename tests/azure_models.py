"""What in a document Azure's own SDK would not understand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azure.mgmt.appcontainers._utils.model_base import Model as GeneratedModel
from azure.mgmt.appcontainers._utils.model_base import _deserialize
from azure.mgmt.appcontainers.models import ContainerApp
from azure.mgmt.containerinstance.models import ContainerGroup


def unknown_in_container_app(document: dict[str, Any]) -> list[str]:
    """Return the path of each key that no model of azure-mgmt-appcontainers has.

    Its models are mappings that keep what they do not know, so each is asked for the names it knows.
    """
    return list(_unknown(_deserialize(ContainerApp, document), ""))


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, GeneratedModel):
        fields = {each._rest_name: name for name, each in value._attr_to_rest_field.items()}
        for key in value:
            if key in fields:
                yield from _unknown(getattr(value, fields[key]), f"{path}/{key}")
            else:
                yield f"{path}/{key}"
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(each, f"{path}/{index}")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _unknown(each, f"{path}/{key}")


def unknown_in_container_group(document: dict[str, Any]) -> list[str]:
    """Return the path of each key that is gone after a way through azure-mgmt-containerinstance's models."""
    # The command line takes the version of the API from the file; it is no part of the model.
    asked = {key: value for key, value in document.items() if key != "apiVersion"}
    model = ContainerGroup.deserialize(asked)
    return list(_lost(asked, model.serialize(keep_readonly=True), ""))


def _lost(asked: Any, kept: Any, path: str) -> Iterator[str]:
    if isinstance(asked, dict):
        for key, value in asked.items():
            if not isinstance(kept, dict) or key not in kept:
                yield f"{path}/{key}"
            else:
                yield from _lost(value, kept[key], f"{path}/{key}")
    elif isinstance(asked, list):
        for index, value in enumerate(asked):
            yield from _lost(value, kept[index], f"{path}/{index}")
    elif asked != kept:
        yield f"{path}: {asked!r} became {kept!r}"
