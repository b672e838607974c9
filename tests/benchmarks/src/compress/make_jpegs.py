"""Writes photo-like JPEG images, end to end, until a file has the size that is asked for: FILE BYTES."""

import io
import random
import sys

from PIL import Image, ImageChops

WIDTH, HEIGHT = 1600, 1200
# From soft shapes to the noise of a sensor: how small the noise is made before it is blown up, and how strong it is.
LAYERS = [(8, 90), (40, 60), (200, 35), (800, 12), (1600, 5)]


def noises(width: int, strength: int) -> list[Image.Image]:
    """Some noise of one size. Making it takes longest, so that there is little, and it is shifted anew each time."""
    made = (Image.effect_noise((width, width * HEIGHT // WIDTH), strength) for _ in range(3))
    return [noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC) for noise in made]


def plane(numbers: random.Random, layers: list[list[Image.Image]]) -> Image.Image:
    """One colour's brightness: noise of several sizes, one over the other, shifted so that no two are alike."""
    sum_of_layers = Image.new("L", (WIDTH, HEIGHT), numbers.randrange(90, 160))
    for layer in layers:
        shift = numbers.randrange(WIDTH), numbers.randrange(HEIGHT)
        sum_of_layers = Image.blend(sum_of_layers, ImageChops.offset(numbers.choice(layer), *shift), 0.4)
    return sum_of_layers


def main() -> None:
    """Writes the file."""
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
