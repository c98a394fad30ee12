"""How votes are counted, layer by layer: the codebook's settings (`gold`), or what a command says instead of them.

Gold merged otherwise than the codebook says has this noted in its manifest, so that `explain`, `adjudicate` and `split`
speak of the gold that stands there; the next `build` follows the codebook again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..agreement.units import LAYER_PASS, Unit
from ..codebook.model import Codebook
from ..errors import UsageError
from ..project import Project
from ..tables import read_manifest

METHODS = ("majority", "unanimous", "dawid_skene", "mace", "adjudicated")
STAGE = "gold"
Method = str | Mapping[str, str]
"""One method for every layer, or layer -> method; a layer that is not named is merged by majority."""


def by_layer(method: Method) -> dict[str, str]:
    """The method of every layer.

    Raises:
        UsageError: there is no such method, or no such layer.
    """
    given = dict.fromkeys(LAYER_PASS, method) if isinstance(method, str) else dict(method)
    for layer, name in given.items():
        if layer not in LAYER_PASS:
            raise UsageError(f"no layer {layer!r} is merged; known layers: {', '.join(LAYER_PASS)}")
        if name not in METHODS:
            raise UsageError(f"no method {name!r}; known methods: {', '.join(METHODS)}")
    return {layer: given.get(layer, METHODS[0]) for layer in LAYER_PASS}


def codebook_methods(codebook: Codebook) -> dict[str, str]:
    """The methods that the codebook asks for."""
    return {layer: codebook.gold.of_layer(layer) for layer in LAYER_PASS}


def merged_methods(project: Project, codebook: Codebook) -> dict[str, str]:
    """The methods by which today's gold was merged: those of its manifest where it names any, else the codebook's."""
    noted = read_manifest(project.annotations).get(STAGE, {}).get("settings", {}).get("methods")
    return codebook_methods(codebook) if noted is None else by_layer(noted)


def method_notes(methods: Mapping[str, str], usual: Mapping[str, str]) -> list[str]:
    """What to say where gold was merged otherwise than the codebook asks."""
    other = [f"{layer} by {name}, not {usual[layer]}" for layer, name in methods.items() if name != usual[layer]]
    if not other:
        return []
    return [
        f"merged otherwise than the codebook asks ({'; '.join(other)}); build will follow the codebook: to keep it, "
        "write it there under gold"
    ]


def evidence_notes(units: Sequence[Unit]) -> list[str]:
    """What to say where votes decide nothing, since there are too few of them."""
    names = sorted({name for unit in units for name in unit.submitted})
    if not units:
        return ["nothing was judged: gold is empty"]
    if len(names) == 1:
        return [f"one annotator only ({names[0]}): gold is what they said"]
    if not any(len(unit.submitted) > 1 for unit in units):
        return ["no document was judged by two annotators: gold is what each of them said"]
    return []


def few_notes(units: Sequence[Unit], methods: Mapping[str, str], models: Collection[str], least: int) -> list[str]:
    """What to say where a model was told to learn from fewer annotators than it takes.

    Args:
        models: the methods that are models. least: how many annotators these take.
    """
    found = []
    for layer, method in methods.items():
        names = {name for unit in units if unit.layer == layer for name in unit.submitted}
        if method in models and 0 < len(names) < least:
            found.append(f"{layer}: {method} learnt from {len(names)} of the {least} annotators it takes")
    return [f"{'; '.join(found)}: its chances mean little"] if found else []
