"""An ablation that never ran: a plan, and summaries of its runs as files have them."""

from types import SimpleNamespace

import pytest

PLAN = {
    "seeds": [0, 1, 2],
    "variants": {"addition": {}, "windows": {}, "stock": {}},
    "tables": {
        "ablation": {"addition": "sums", "windows": "windows"},
        "dataset": {"stock": "stock", "windows": "both kinds"},
    },
}


def summary(variant, seed, fvd, share=0.5):
    judged = ("everything", "motion", "direction", "watermark", "colour")
    attributes = {name: {"share": share} for name in judged}
    figures = [
        {"name": "shapes-FVD", "value": fvd, "details": {}},
        {"name": "shapes-CLIPSIM", "value": 0.25, "details": {}},
        {"name": "prompt accuracy", "value": share, "details": {"shares": {"all": attributes}}},
    ]
    protocol = {"digest": "0123456789ab", "label": "shapes@1:0123456789ab"}
    cost = {"parameters": 3.2e6, "flops": 5e9, "step_s": 0.5, "memory_bytes": 1.5e9, "loss": 0.1}
    result = {"figures": figures, "protocol": protocol, "videos": {"scored": 64}}
    return {"variant": variant, "seed": seed, "cost": cost, "result": result}


@pytest.fixture
def ablation():
    return SimpleNamespace(plan=PLAN, summary=summary)
