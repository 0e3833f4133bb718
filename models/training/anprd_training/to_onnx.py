"""torch.onnx.export on old and new PyTorch alike."""
import inspect

import torch


def export(model, example, path, **options):
    """Writes the graph of a traced model; options as torch.onnx.export takes them.

    Newer PyTorch would otherwise take its other exporter, which needs more packages and names nodes anew."""
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    torch.onnx.export(model, example, path, **options)
