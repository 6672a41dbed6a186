"""The accuracies that the paper prints, table I of "A Dynamically Weighted Loss Function for …".

Where it takes over the figures of Kim, Kanezaki and Tanaka 2020, they are measured on the 200 test
images of BSDS500, and VOC2012 on 150 images chosen at random that it does not name.
"""

from types import MappingProxyType

SCORES = ("all", "fine", "coarse", "mean")

# By method as `MethodChoice` writes it: BSD500 All, Fine, Coarse, Mean, and PASCAL VOC2012.
_ROWS: dict[str, tuple[float, float, float, float, float | None]] = {
    "iic": (0.172, 0.151, 0.207, 0.177, 0.201),
    "kmeans": (0.240, 0.221, 0.265, 0.242, 0.238),
    "graph": (0.313, 0.295, 0.325, 0.311, 0.286),
    "superpixels": (0.226, 0.169, 0.324, 0.240, None),
    "fixed-published": (0.305, 0.259, 0.374, 0.313, 0.288),
    "scf-published:mu=100": (0.329, 0.288, 0.406, 0.341, 0.289),
    "scf-published": (0.330, 0.290, 0.407, 0.342, 0.290),
    "fsf-published:mu=10": (0.330, 0.297, 0.390, 0.339, 0.280),
    "fsf-published": (0.349, 0.307, 0.420, 0.359, 0.275),
}

BSDS500: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {method: dict(zip(SCORES, row[:4], strict=True)) for method, row in _ROWS.items()}
)
VOC2012: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {method: {"all": row[-1]} for method, row in _ROWS.items() if row[-1] is not None}
)
