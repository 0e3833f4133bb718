"""The reader's network: crops [N,1,48,160] of raw grey levels to logits [N,2,80,37].

Full 3x3 convolutions, stride 8 down and 4 across; the 6 remaining rows are collapsed twice, once
for each line of text, and a short stack of wide 1-D convolutions (shared by both lines) gives
every step a view of its neighbours.  Each of the 40 columns answers twice, for its left and its
right half: "111" takes five CTC steps (1, blank, 1, blank, 1) on some 17 pixels, which is more
than the four columns that are there.  Channels are multiples of 16: others cost the same and do
less.
"""
import torch
from torch import nn

CHARSET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLANK = 36
STEPS_PER_COLUMN = 2
STEPS = 40 * STEPS_PER_COLUMN
ROWS = 2


class _Conv(nn.Sequential):
    """3x3 convolution, batch norm, ReLU."""

    def __init__(self, cin, cout, stride=1, kernel=3):
        pad = tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2
        super().__init__(nn.Conv2d(cin, cout, kernel, stride, pad, bias=False), nn.BatchNorm2d(cout), nn.ReLU(inplace=True))


class _Residual(nn.Module):
    def __init__(self, channels, kernel=3):
        super().__init__()
        self.body = _Conv(channels, channels, 1, kernel)

    def forward(self, x):
        return x + self.body(x)


class Reader(nn.Module):
    def __init__(self, channels=(16, 32, 64), row_channels=96):
        super().__init__()
        a, b, c = channels
        self.trunk = nn.Sequential(
            _Conv(1, a, 2),  # 24 x 80
            _Conv(a, b, (2, 1)),  # 12 x 80
            _Residual(b),
            _Conv(b, c, 2),  # 6 x 40
            _Residual(c), _Residual(c), _Residual(c), _Residual(c),
        )
        self.collapse = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, row_channels, (6, 1), bias=False), nn.BatchNorm2d(row_channels), nn.ReLU(inplace=True))
            for _ in range(ROWS)
        )
        self.context = nn.Sequential(_Residual(row_channels, (1, 5)), nn.Dropout(0.1), _Residual(row_channels, (1, 5)))
        self.classify = nn.Conv2d(row_channels, STEPS_PER_COLUMN * (len(CHARSET) + 1), 1)

    def forward(self, crops):
        """crops: float [N,1,48,160], any grey scale. Returns logits [N,2,80,37]."""
        mean = crops.mean((2, 3), keepdim=True)
        centred = crops - mean
        deviation = (centred * centred).mean((2, 3), keepdim=True).sqrt()
        x = self.trunk(centred / (deviation + 1.0))
        rows = torch.cat([row(x) for row in self.collapse], 2)  # [N,96,2,40]
        answers = self.classify(self.context(rows)).permute(0, 2, 3, 1)  # [N,2,40,2*37]
        return answers.reshape(-1, ROWS, STEPS, len(CHARSET) + 1)


def encode(text):
    """Class indices of a text."""
    return [CHARSET.index(c) for c in text]


def greedy(logits):
    """Greedy CTC decode of logits [N,2,80,37] (tensor): a list of (upper, lower) texts."""
    out = []
    for rows in logits.argmax(3).tolist():
        texts = []
        for steps in rows:
            last, text = BLANK, ""
            for k in steps:
                if k != last and k != BLANK:
                    text += CHARSET[k]
                last = k
            texts.append(text)
        out.append(tuple(texts))
    return out


def count_macs(model):
    """(parameters, multiply-accumulates of one crop)."""
    macs = 0

    def hook(module, inputs, output):
        nonlocal macs
        weight = module.weight
        macs += weight.numel() * output.shape[2] * output.shape[3]

    handles = [m.register_forward_hook(hook) for m in model.modules() if isinstance(m, nn.Conv2d)]
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, 1, 48, 160))
    for h in handles:
        h.remove()
    return sum(p.numel() for p in model.parameters()), macs
