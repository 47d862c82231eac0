"""Pictures that stand in for CIFAR-10's: emoji over invented backgrounds, drawn from a seed.

The same on every machine: chance comes from `RandomState.random_sample` and `permutation`, which NumPy has frozen;
pixels from sums, products and quotients one at a time, which IEEE 754 rounds in one way only. No sine, no power, no
`uniform`, which is low + range * chance in one expression of C: there a compiler may round once instead of twice.
"""

import io
import math
import zipfile

import numpy as np

from course_lib.registry import THINGS

SIDE = 32  # pixels, of a picture
AXIS = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2  # pixels from its middle
TILE = 128  # pixels, of a texture, a power of 2; an emoji's drawing is about as wide and high
BLURS = 4, 6, 9  # pixels of an emoji for one of a picture, where it is drawn large, medium, small
BATCH = 50  # pictures at a time: their arrays fit into a processor's cache


def pictures(archive, count, seed):
    """Draw pictures of the ten classes, as many of each, in random order.

    What varies: the emoji, its size, turn, stretch, place, mirroring and sharpness; the background; what else looks
    in from a side; what covers a part; hue, saturation, contrast, brightness and noise.

    Args:
        archive: path of emoji.zip.
        count: int, how many.
        seed: int from 0 to 2**32 - 1; another one gives other pictures.
    Returns:
        (x, y): uint8 array (count, 32, 32, 3), RGB, and int64 array (count,), places in `registry.THINGS`.
    """
    random = np.random.RandomState(seed)
    labels, emoji = _decode(archive)
    textures = _textures(random)
    noise = (6 * (random.random_sample(1 << 20) - random.random_sample(1 << 20))).astype(np.float32)
    y = random.permutation(np.arange(count, dtype=np.int64) % len(THINGS))
    chance = random.random_sample(count)
    which = np.searchsorted(labels, y) + (chance * np.bincount(labels)[y]).astype(np.int64)
    x = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, BATCH):
        batch = slice(start, start + BATCH)
        for channel, plane in enumerate(_draw(random, which[batch], emoji, textures, noise)):
            x[batch, ..., channel] = plane
    return x, y


def _draw(random, which, emoji, textures, noise):
    """Draw a picture of each emoji in `which`, (N,): uint8 (3, N, 32, 32). Here a float is an array (N, 1, 1)."""
    shape = (len(which), 1, 1)

    def draw(low, high, *channels):
        return (low + (high - low) * random.random_sample((*channels, *shape))).astype(np.float32)

    def choose(number):
        return (number * random.random_sample(shape)).astype(np.int64)

    def colour():
        return draw(0, 255) + draw(-70, 70, 3)

    def turn(limit):
        """Draw the tangent of half an angle; return the angle's cosine and sine."""
        tangent = draw(-limit, limit)
        return (1 - tangent * tangent) / (1 + tangent * tangent), 2 * tangent / (1 + tangent * tangent)

    def place(limit, right, down, width, height):
        """Turn something of that size, in pixels, put it there, and give every pixel's place in its widths and heights."""
        (cosine, sine), x, y = turn(limit), AXIS - right, AXIS[:, None] - down
        return cosine / width * x + sine / width * y, cosine / height * y - sine / height * x

    def mask():
        """A texture of any scale and angle, from 0 to 1, soft or with hard edges."""
        scale = 12 / TILE * draw(1, 3) * draw(1, 3)
        places = place(1, draw(-99, 99), draw(-99, 99), scale, scale)
        columns, rows = (axis.astype(np.int64) & TILE - 1 for axis in places)
        values = textures.take((choose(len(textures)) * TILE + rows) * TILE + columns, mode="clip")
        hardness = draw(0, 1)
        contrast = (1 + 15 * hardness * hardness * hardness) / 255
        return np.clip(contrast * values + (0.5 - contrast * draw(90, 165)), 0, 1)

    def paste(which, size, right, down):
        """Lay an emoji of that size over the picture, its middle so many pixels off the picture's."""
        scale, edge = size / TILE, emoji.shape[-1]
        width, height = scale * (1 - 2 * choose(2)).astype(np.float32), scale * draw(0.75, 1.25)
        places = place(0.25, right, down, width, height)
        columns, rows = (np.clip(axis + edge / 2, 0, edge - 1).astype(np.int64) for axis in places)
        blur = (size < 26).astype(np.int64) + (size < 18) + (draw(0, 1) < 0.3)
        tiles = np.minimum(blur, len(BLURS) - 1) * emoji.shape[1] + which
        rgba = emoji.take((tiles * edge + rows) * edge + columns, mode="clip")
        np.multiply(picture, 1 - (rgba >> 24).astype(np.float32) / 255, out=picture)
        for channel in range(3):
            picture[channel] += (rgba >> 8 * channel).astype(np.uint8)

    first, second, third = colour(), colour(), colour()
    picture = first + (second - first) * mask()
    picture += (third - picture) * mask()

    size, sideways = draw(14, 34), choose(2) == 1
    far = np.where(draw(0, 1) < 0.5, SIDE / 2 + size * draw(0, 0.4), 99)  # at 99, nothing looks in
    far, along = (far * (1 - 2 * choose(2))).astype(np.float32), draw(-16, 16)
    paste(choose(emoji.shape[1]), size, np.where(sideways, far, along), np.where(sideways, along, far))

    size = draw(14, 34)
    room = 2 + 0.3 * np.maximum(SIDE - size, 0)
    right, down = room * draw(-1, 1), room * draw(-1, 1)
    paste(which.reshape(shape), size, right, down)

    right, down = right + size * draw(-0.4, 0.4), down + size * draw(-0.4, 0.4)
    across, along = place(1, right, down, size * draw(0.1, 0.3), size * draw(0.3, 0.8))
    covered = (np.abs(across) < 0.5) & (np.abs(along) < 0.5) & (draw(0, 1) < 0.4)
    np.copyto(picture, colour(), where=covered)

    contrast, (cosine, sine) = draw(0.6, 1.2), turn(0.5)  # hue is an angle about the axis of the greys
    saturation = contrast * draw(0.5, 1.2) * (draw(0, 1) < 0.9)
    own, other = (contrast + 2 * saturation * cosine) / 3, (contrast - saturation * cosine) / 3
    twist = saturation * sine / math.sqrt(3)
    following, last = picture[[1, 2, 0]], picture[[2, 0, 1]]
    picture = own * picture + (other + twist) * following + (other - twist) * last
    picture += 128 * (1 - contrast) + draw(-30, 30)
    start = int(random.random_sample() * (noise.size - picture.size))
    picture += noise[start : start + picture.size].reshape(picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _decode(archive):
    """Read the emoji: the label of each, ascending, and uint32 (blurs, E, edge, edge) of RGBA, alpha multiplied in."""
    from PIL import Image

    with zipfile.ZipFile(archive) as members:
        names = sorted(name for name in members.namelist() if name.endswith(".png"))
        pngs = [Image.open(io.BytesIO(members.read(name))) for name in names]
        rgba = np.stack([np.asarray(png.convert("RGBA")) for png in pngs]).astype(np.uint16)
    rgba[..., :3] = rgba[..., :3] * rgba[..., 3:] // 255
    edge = max(rgba.shape[1:3]) + max(BLURS)
    margins = [((edge - side) // 2, (edge - side + 1) // 2) for side in rgba.shape[1:3]]
    rgba = np.pad(rgba, ((0, 0), *margins, (0, 0)))
    blurred = np.stack([_blur(_blur(rgba, width, 1), width, 2) for width in BLURS]).astype(np.uint8)
    return np.array([THINGS.index(name.split("/")[0]) for name in names]), blurred.view("<u4")[..., 0]


def _textures(random):
    """Make textures whose opposite sides fit: uint8 (K, 128, 128)."""
    stripes = np.tile(np.abs(np.arange(-TILE // 2, TILE // 2)) * 255 // (TILE // 2), (TILE, 1))
    textures = [stripes, stripes, (stripes + stripes.T) // 2]
    for cells in (4, 4, 8, 8, 16, 16):
        width = TILE // cells
        clouds = (256 * random.random_sample((cells, cells))).astype(np.int64)
        clouds = clouds.repeat(width, axis=0).repeat(width, axis=1)
        for axis in (0, 1, 0, 1):
            clouds = _blur(clouds, width, axis)
        textures.append((clouds - clouds.min()) * 255 // np.ptp(clouds))
    textures.append((4 * textures[3] + 2 * textures[5] + textures[7] + textures[8]) // 8)
    return np.stack(textures).astype(np.uint8)


def _blur(x, width, axis):
    """Average `width` neighbours along an axis of integers, beyond whose end the start follows."""
    return sum(np.roll(x, step - width // 2, axis) for step in range(width)) // width
