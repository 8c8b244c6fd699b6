"""Every channel is in the table, and the table holds nothing else."""

import importlib
import inspect
import pkgutil

import pytest

import adapters
from adapters import ADAPTERS
from gateway.core.model import AdapterName

CHANNELS = {
    name: module
    for name in (found.name for found in pkgutil.iter_modules(adapters.__path__))
    if hasattr(module := importlib.import_module(f"adapters.{name}"), "OPTIONS")
}


def test_every_adapter_of_the_model_is_in_the_table() -> None:
    assert set(ADAPTERS) == set(AdapterName)


def test_every_channel_of_the_folder_is_in_the_table_under_its_own_name() -> None:
    assert set(CHANNELS) == {name.value for name in ADAPTERS}


def test_no_module_hides_an_adapter_without_options() -> None:
    hiding = {
        found.name
        for found in pkgutil.iter_modules(adapters.__path__)
        for name, kind in inspect.getmembers(importlib.import_module(f"adapters.{found.name}"), inspect.isclass)
        if name.endswith("Adapter") and kind.__module__ == f"adapters.{found.name}"
    }
    assert hiding == set(CHANNELS)


@pytest.mark.parametrize("name", list(AdapterName))
def test_the_table_points_at_the_channels_own_options(name: AdapterName) -> None:
    assert ADAPTERS[name].options is CHANNELS[name.value].OPTIONS
    assert ADAPTERS[name].check is CHANNELS[name.value].check


@pytest.mark.parametrize("name", list(AdapterName))
def test_every_option_says_what_it_means(name: AdapterName) -> None:
    for key, option in ADAPTERS[name].options.items():
        assert option.meaning, key
        assert option.default is None or type(option.default) is option.type
