#include "core/exporting/still_image.h"

#include <png.h>

#include <QtTest>
#include <vector>

using namespace attnviz;

namespace {

const Colormap& viridis() {
    const auto found = findColormap("viridis");
    if (!found) qFatal("%s", found.error().sentence().c_str());
    return **found;
}

struct Picture {
    int width = 0, height = 0;
    bool palette = false;
    std::vector<Rgb> pixels;
    Rgb at(int x, int y) const { return pixels[static_cast<std::size_t>(y * width + x)]; }
};

Picture decoded(const std::string& png) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, png.data(), png.size()))
        qFatal("no PNG: %s", image.message);
    Picture picture{static_cast<int>(image.width),
                    static_cast<int>(image.height),
                    (image.format & PNG_FORMAT_FLAG_COLORMAP) != 0,
                    {}};
    image.format = PNG_FORMAT_RGB;
    picture.pixels.resize(static_cast<std::size_t>(image.width) * image.height);
    if (!png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr)) qFatal("broken PNG");
    return picture;
}

Picture drawn(const std::vector<float>& cells, int rows, int columns, bool logarithmic, int scale) {
    const auto png = stillImagePng(cells, rows, columns, viridis(), logarithmic, scale);
    if (!png) qFatal("%s", png.error().sentence().c_str());
    return decoded(*png);
}

}  // namespace

class StillImageTest : public QObject {
    Q_OBJECT

 private slots:
    void cellsHaveTheExactColoursOfTheMap() {
        const auto picture = drawn({1, -1, -1, 0.25F, 0.75F, -1}, 2, 3, false, 3);
        QVERIFY(picture.palette);
        QCOMPARE(picture.width, 9);
        QCOMPARE(picture.height, 6);
        for (int y = 0; y < 3; ++y)
            for (int x = 0; x < 3; ++x) {
                QVERIFY(picture.at(x, y) == viridis().entries[255]);
                QVERIFY(picture.at(x + 3, y) == kMaskedGround);
                QVERIFY(picture.at(x, y + 3) == viridis().entries[64]);
                QVERIFY(picture.at(x + 3, y + 3) == viridis().entries[192]);
            }
    }

    void logarithmicColoursCoverFourDecades() {
        const auto picture = drawn({1, 0.0101F, 1e-4F, 0}, 1, 4, true, 1);
        QVERIFY(picture.at(0, 0) == viridis().entries[255]);
        QVERIFY(picture.at(1, 0) == viridis().entries[128]);
        QVERIFY(picture.at(2, 0) == viridis().entries[0]);
        QVERIFY(picture.at(3, 0) == viridis().entries[0]);
    }

    void groundBesideAll256ColoursNeeds24Bits() {
        std::vector<float> cells{-1};
        for (int i = 0; i < 256; ++i) cells.push_back((static_cast<float>(i) + 0.5F) / 256.0F);
        const auto picture = drawn(cells, 1, 257, false, 1);
        QVERIFY(!picture.palette);
        QVERIFY(picture.at(0, 0) == kMaskedGround);
        for (int i = 0; i < 256; ++i)
            QVERIFY(picture.at(i + 1, 0) == viridis().entries[static_cast<std::size_t>(i)]);
    }
};

QTEST_GUILESS_MAIN(StillImageTest)
#include "still_image_test.moc"
