"""The protocol of one evaluation: as it ships, or with what the command line changes in it."""

from collections.abc import Mapping
from dataclasses import replace

from hdvg.errors import InputError
from vfmodel.evaluation.class_captions import (
    captions_digest,
    class_names,
    own_captions,
    read_captions,
)
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.fvd.feature_network import check_file
from vfmodel.evaluation.protocol import Protocol

Captions = Mapping[str, str]


def settle_protocol(config: EvaluateConfig) -> tuple[Protocol, Captions]:
    """The protocol with all that was changed in it, and the captions of classes that it asks for.

    The digest is of the changed one, so that no figure passes for another's.

    Raises:
        InputError: There is no such protocol, or a change that it has no use for, such as a script
            where no FVD is taken.
    """
    protocol = find_protocol(config.protocol)
    captions: Captions = {}
    if protocol.prompts.source == "class_captions":
        captions = own_captions() if config.captions is None else read_captions(config.captions)
        protocol = replace(protocol, captions_digest=captions_digest(captions))
    elif config.captions is not None:
        raise InputError(f"{protocol.name} takes no captions: {config.captions}")
    if protocol.prompts.source == "class_names":
        captions = class_names()
    if config.num_samples is not None:
        protocol = protocol.with_samples(config.num_samples)
    if config.fvd_features is not None:
        protocol = replace(protocol, fvd_features=config.fvd_features)
    if config.script is not None:
        if "fvd" not in protocol.metrics:
            raise InputError(f"{protocol.name} takes no FVD, so no script: {config.script.path}")
        label = config.script.label(check_file(config.script.path, config.script.sha256))
        protocol = replace(protocol, fvd_features=label)
    if config.clip_model is not None:
        protocol = replace(protocol, clip_model=config.clip_model)
    return protocol, captions
