"""A body built once more, from the typed models of `azure-mgmt-securityinsight`."""

import inspect
import json
import types
import typing
from datetime import datetime, timedelta
from enum import Enum

import isodate
from azure.mgmt.securityinsight import models
from azure.mgmt.securityinsight._utils.model_base import Model, SdkJSONEncoder
from azure.mgmt.securityinsight.models import _enums, _models

type Json = dict[str, typing.Any]


def through_models(model: type[Model], body: Json) -> Json:
    """Return what the library would send for this body: members that its models do not declare are
    lost. Raises ValueError for a value or kind that they do not declare.
    """
    text = json.dumps(_built(model, body), cls=SdkJSONEncoder, exclude_readonly=True)
    sent: Json = json.loads(text)
    return sent


def fields_of(model: type[Model]) -> dict[str, tuple[str, typing.Any]]:
    """The declared members of a model by their names in JSON: attribute and type."""
    model.__new__(model)  # which fills in what a class knows of its fields
    hints = typing.get_type_hints(model, {**vars(_enums), **vars(_models)}, {"_models": models})
    return {
        field._rest_name: (name, hints.get(name, typing.Any))
        for name, field in model._attr_to_rest_field.items()
    }


def _built(kind: typing.Any, value: typing.Any) -> typing.Any:
    if value is None:
        return None
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _of_union([arg for arg in typing.get_args(kind) if arg is not type(None)], value)
    if typing.get_origin(kind) is list:
        (item,) = typing.get_args(kind)
        return [_built(item, one) for one in value]
    if not inspect.isclass(kind):
        return value
    if issubclass(kind, Model):
        return _model(kind, value)
    if kind is datetime:
        return isodate.parse_datetime(value)
    if kind is timedelta:
        return isodate.parse_duration(value)
    return value


def _of_union(kinds: list[typing.Any], value: typing.Any) -> typing.Any:
    enums = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, Enum)]
    if not enums:
        return _built(kinds[0], value)
    if value not in {member.value for enum in enums for member in enum}:
        raise ValueError(f"{value!r} is no value of {enums[0].__name__}")
    return value


def _model(model: type[Model], value: Json) -> Model:
    fields = fields_of(model)
    discriminators = [
        field._rest_name for field in model._attr_to_rest_field.values() if field._is_discriminator
    ]
    if mapping := getattr(model, "__mapping__", {}):
        kind = value.get(discriminators[0])
        if kind not in mapping:
            raise ValueError(f"{kind!r} is no kind of {model.__name__}")
        if mapping[kind] is not model:
            return _model(mapping[kind], value)
    arguments = {
        name: _built(hint, value[member])
        for member, (name, hint) in fields.items()
        if member in value and not model._attr_to_rest_field[name]._is_discriminator
    }
    built = model(**arguments)
    for name in discriminators:
        if built.get(name) is None and name in value:  # flattened models leave theirs out
            built[name] = value[name]
    return built
