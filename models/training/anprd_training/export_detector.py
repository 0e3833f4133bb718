"""Writes the detector as ONNX: batch normalisation folded, uint8 in, probabilities and offsets out.

  export_detector.py --work DIR --out detector.onnx

Input  `image`   uint8   [batch, 1, height, width], grey, sides multiples of 32
Output `heat`    float32 [batch, 1, height/8, width/8], probability of a plate centre in the cell
       `corners` float32 [batch, 8, height/8, width/8], TL, TR, BR, BL as (dx, dy) pixels from the cell centre
The file is read back and compared with torch on its own weights as far as Python can without a
runtime: the graph is checked, and folding is compared with the unfolded network.
"""
import argparse
import os

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from . import to_onnx
from .detector_net import STRIDE, ExportedDetector, multiply_accumulates, parameter_count
from .eval_detector import load_net

OPSET = 14
FOLDING_TOLERANCE_PX = 0.01


def fold(module):
    """Replace every convolution + batch normalisation in Sequentials by one convolution, in place."""
    for child in module.children():
        fold(child)
        if isinstance(child, nn.Sequential) and len(child) == 3 and isinstance(child[1], nn.BatchNorm2d):
            child[0] = fuse_conv_bn_eval(child[0], child[1])
            child[1] = nn.Identity()
    return module


def export(checkpoint, out):
    plain = load_net(checkpoint).to(memory_format=torch.contiguous_format)
    folded = fold(load_net(checkpoint).to(memory_format=torch.contiguous_format)).eval()
    sample = torch.from_numpy(np.random.default_rng(5).integers(0, 256, (1, 1, 96, 160), dtype=np.uint8))
    with torch.no_grad():
        difference = max((a - b).abs().max().item() for a, b in zip(plain(sample.float()), folded(sample.float())))
    if difference > FOLDING_TOLERANCE_PX:
        raise SystemExit(f"folding changed the answers by {difference}; expected at most {FOLDING_TOLERANCE_PX}")
    axes = {2: "height", 3: "width", 0: "batch"}
    cells = {2: f"height_{STRIDE}", 3: f"width_{STRIDE}", 0: "batch"}
    to_onnx.export(ExportedDetector(folded).eval(), sample, out + ".part", opset_version=OPSET, input_names=["image"],
                   output_names=["heat", "corners"], dynamic_axes={"image": axes, "heat": cells, "corners": cells})
    onnx.checker.check_model(onnx.load(out + ".part"), full_check=True)
    os.replace(out + ".part", out)
    print(f"{out}: {os.path.getsize(out)} bytes, {parameter_count(folded)} parameters, "
          f"{multiply_accumulates(folded, 288, 512) / 1e6:.0f} MMAC at 512 x 288, folding changed at most {difference:.2g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    export(os.path.join(arguments.work, "detector.pt"), arguments.out)


if __name__ == "__main__":
    main()
