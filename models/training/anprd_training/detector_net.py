"""The plate detector network: one class, stride 8, centre heat map with four corners a cell.

Shapes: image [N, 1, H, W], grey 0..255, H and W multiples of 32. The network answers
  heat    [N, 1, H/8, W/8]  logits (the exported graph applies the sigmoid)
  corners [N, 8, H/8, W/8]  TL, TR, BR, BL as (dx, dy) in input pixels from the cell centre
The centre of cell (column x, row y) lies at ((x + 0.5) * 8, (y + 0.5) * 8).

The cost is kept low where pixels are many: 16 channels at half and 20 at a quarter resolution.
Everything is a full 3x3 convolution: depthwise ones save arithmetic but not time on small
out-of-order cores, where they wait for memory.
"""
import torch
from torch import nn
from torch.nn import functional as F

STRIDE = 8
INPUT_MULTIPLE = 32
# Offsets leave the last layer in units of this many pixels, so that its weights stay near one.
CORNER_UNIT_PX = 32.0
# About the share of cells that hold a plate centre: the focal loss starts balanced (logit of 0.01).
PRIOR_LOGIT = -4.6


def conv(cin, cout, stride=1, dilation=1, kernel=3):
    """Convolution, batch normalisation, ReLU; the normalisation is folded away at export."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride, dilation * (kernel // 2), dilation, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


def normalise(image):
    """Per-image mean and deviation: a night frame and a day frame look alike afterwards."""
    mean = image.mean(dim=(2, 3), keepdim=True)
    centred = image - mean
    deviation = (centred * centred).mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / (deviation + 4.0)  # 4 grey levels: pure sensor noise is not blown up to full contrast


class DetectorNet(nn.Module):
    def __init__(self, widths=(16, 20, 44, 80, 96)):
        super().__init__()
        c2, c4, c8, c16, c32 = widths
        self.widths = tuple(widths)
        self.to2 = conv(1, c2, stride=2)
        self.to4 = conv(c2, c4, stride=2)
        self.to8 = conv(c4, c8, stride=2)
        self.at8 = conv(c8, c8)
        self.to16 = conv(c8, c16, stride=2)
        self.at16 = conv(c16, c16)
        self.to32 = conv(c16, c32, stride=2)
        self.at32 = conv(c32, c32)
        # Dilated, so that the centre cell sees the corners of a plate 300 px wide.
        self.wide32 = conv(c32, c32, dilation=2)
        self.down32 = nn.Conv2d(c32, c16, 1)
        self.fuse16 = conv(c16, c16)
        self.down16 = nn.Conv2d(c16, c8, 1)
        self.fuse8 = conv(c8, c8)
        self.head = conv(c8, c8 + 8)
        self.heat = nn.Conv2d(c8 + 8, 1, 1)
        self.corners = nn.Conv2d(c8 + 8, 8, 1)
        nn.init.normal_(self.heat.weight, std=0.01)
        nn.init.constant_(self.heat.bias, PRIOR_LOGIT)
        # Start every cell as a plate of 80 x 24 px: corners are in order from the first step.
        start = torch.tensor([-40.0, -12, 40, -12, 40, 12, -40, 12]) / CORNER_UNIT_PX
        nn.init.normal_(self.corners.weight, std=0.01)
        self.corners.bias.data.copy_(start)

    def features(self, image):
        """Everything before the last layer; bears bfloat16. [N, channels, H/8, W/8]"""
        x = self.to4(self.to2(normalise(image)))
        x8 = self.to8(x)
        x8 = x8 + self.at8(x8)
        x16 = self.to16(x8)
        x16 = x16 + self.at16(x16)
        x32 = self.to32(x16)
        x32 = x32 + self.at32(x32)
        x32 = x32 + self.wide32(x32)
        x16 = self.fuse16(x16 + F.interpolate(self.down32(x32), scale_factor=2.0, mode="nearest"))
        x8 = self.fuse8(x8 + F.interpolate(self.down16(x16), scale_factor=2.0, mode="nearest"))
        return self.head(x8)

    def answers(self, features):
        """Heat and corners; in float32, as bfloat16 has steps of half a pixel at 100 px."""
        return self.heat(features), self.corners(features) * CORNER_UNIT_PX

    def forward(self, image):
        return self.answers(self.features(image))


def agree(heat, corners):
    """Corners [N, 8, h, w] averaged over each cell and its eight neighbours, by squared probability.

    The neighbours of a plate's centre are trained to answer for the same plate, and their errors differ:
    the average is 3 to 5 % nearer than the centre alone, for next to no arithmetic. heat: probabilities.
    """
    weight = heat * heat
    # A neighbour one column to the right counts its offsets from a centre 8 px further right.
    step = torch.tensor([-STRIDE, 0.0, STRIDE])
    shifts = torch.stack([step.repeat(3, 1), step.repeat(3, 1).t()] * 4)[:, None]
    total = 9 * F.avg_pool2d(weight * corners, 3, 1, 1) + F.conv2d(weight, shifts, padding=1)
    return total / (9 * F.avg_pool2d(weight, 3, 1, 1) + 1e-9)


class ExportedDetector(nn.Module):
    """The graph the daemon runs: uint8 in, probabilities and pixel offsets out."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, image):
        heat, corners = self.net(image.float())
        heat = torch.sigmoid(heat)
        return heat, agree(heat, corners)


def parameter_count(net):
    return sum(p.numel() for p in net.parameters())


def multiply_accumulates(net, height, width):
    """Multiply-accumulate operations of the convolutions for one image of height x width px."""
    total = 0
    hooks = []

    def count(module, _inputs, output):
        nonlocal total
        total += output.shape[2] * output.shape[3] * module.weight.numel()

    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(count))
    was_training = net.training
    net.eval()
    with torch.no_grad():
        net(torch.zeros(1, 1, height, width))
    net.train(was_training)
    for hook in hooks:
        hook.remove()
    return total
