"""Writes photo-like JPEG images, one after the other, until a file has the requested size: FILE BYTES."""

import io
import random
import sys

from PIL import Image, ImageChops

WIDTH, HEIGHT = 1600, 1200
# From soft shapes to sensor noise: the width of the noise before it is enlarged, and its strength.
LAYERS = [(8, 90), (40, 60), (200, 35), (800, 12), (1600, 5)]


def noises(width: int, strength: int) -> list[Image.Image]:
    """Makes some noise of one size. This takes longest, so there is little of it, shifted differently each
    time."""
    made = (Image.effect_noise((width, width * HEIGHT // WIDTH), strength) for _ in range(3))
    return [noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC) for noise in made]


def plane(numbers: random.Random, layers: list[list[Image.Image]]) -> Image.Image:
    """Makes one colour plane from noise of several sizes, shifted so that no two planes are alike."""
    sum_of_layers = Image.new("L", (WIDTH, HEIGHT), numbers.randrange(90, 160))
    for layer in layers:
        shift = numbers.randrange(WIDTH), numbers.randrange(HEIGHT)
        sum_of_layers = Image.blend(sum_of_layers, ImageChops.offset(numbers.choice(layer), *shift), 0.4)
    return sum_of_layers


def main() -> None:
    path, size = sys.argv[1], int(sys.argv[2])
    numbers = random.Random(1)
    layers = [noises(width, strength) for width, strength in LAYERS]
    with open(path, "wb") as file:
        while file.tell() < size:
            image = Image.merge("YCbCr", [plane(numbers, layers) for _ in range(3)]).convert("RGB")
            jpeg = io.BytesIO()
            image.save(jpeg, "JPEG", quality=numbers.choice([75, 85, 92]))
            file.write(jpeg.getvalue()[: size - file.tell()])


main()
