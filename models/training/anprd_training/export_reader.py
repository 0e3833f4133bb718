"""Export a reader checkpoint to ONNX (opset 13).

    python3 -m anprd_training.export_reader --work DIR --out models/reader.onnx

Input `crops` uint8 [N,1,48,160] (N free), normalisation inside the graph; output `logits`
float32 [N,2,80,37]: two lines of text, 80 CTC steps, classes 0-9 A-Z and the blank (index 36).
"""
import argparse
import os

import onnx
import torch
from torch import nn

from . import to_onnx
from .reader_net import CHARSET, ROWS, STEPS, Reader

OPSET = 13


class _Bytes(nn.Module):
    """The reader on raw bytes."""

    def __init__(self, reader):
        super().__init__()
        self.reader = reader

    def forward(self, crops):
        return self.reader(crops.float())


def export(checkpoint, out):
    """Write the ONNX file of a checkpoint; batch norms are folded into the convolutions."""
    reader = Reader()
    reader.load_state_dict(torch.load(checkpoint, map_location="cpu")["model"])
    model = _Bytes(reader).eval()
    example = torch.randint(0, 256, (2, 1, 48, 160), dtype=torch.uint8)
    to_onnx.export(model, example, out + ".part", input_names=["crops"], output_names=["logits"], opset_version=OPSET,
                   dynamic_axes={"crops": {0: "N"}, "logits": {0: "N"}}, do_constant_folding=True)
    graph = onnx.load(out + ".part")
    onnx.checker.check_model(graph)
    dims = graph.graph.output[0].type.tensor_type.shape.dim
    for dim, size in zip(dims[1:], (ROWS, STEPS, len(CHARSET) + 1)):  # a reshape hides them from the exporter
        dim.dim_value = size
    for node in graph.graph.node:  # scope names are of no use at run time
        node.doc_string = ""
    onnx.save(graph, out + ".part")
    os.replace(out + ".part", out)
    ops = sorted({n.op_type for n in graph.graph.node})
    print(f"{out}: {os.path.getsize(out)} bytes, operators {', '.join(ops)}")


def main():
    parser = argparse.ArgumentParser(description="export the plate reader to ONNX")
    parser.add_argument("--work", required=True, help="scratch folder with the checkpoints")
    parser.add_argument("--checkpoint", help="default: reader-best.pt in the scratch folder")
    parser.add_argument("--scenes", action="append", default=[], help="not used; the same arguments as the trainers")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    export(args.checkpoint or os.path.join(args.work, "reader-best.pt"), args.out)


if __name__ == "__main__":
    main()
