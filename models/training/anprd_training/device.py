"""Where a network trains: `--device auto|cpu|cuda`."""
import torch

CHOICES = ("auto", "cpu", "cuda")


def add_argument(parser):
    parser.add_argument("--device", choices=CHOICES, default="auto", help="where to train; auto takes a GPU where there is one")


def pick(name):
    """The torch.device of a choice; SystemExit where a GPU is asked for and there is none."""
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise SystemExit("--device cuda: this PyTorch sees no GPU; install one built for CUDA, or take --device cpu")
    return torch.device("cuda")


def mixed_precision(device, wanted=True):
    """bfloat16 where it pays; it needs no scaling of gradients, on either kind of device."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted)
