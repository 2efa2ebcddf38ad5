#include "core/exporting/colormap.h"

#include <QtTest>
#include <cmath>
#include <fstream>
#include <sstream>
#include <vector>

#include "tests/support/shared_data.h"

using namespace attnviz;

namespace {

double linear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

// Oklab lightness (Ottosson 2020).
double lightness(Rgb rgb) {
    const double r = linear(rgb.r / 255.0), g = linear(rgb.g / 255.0), b = linear(rgb.b / 255.0);
    const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
}

const Colormap& map(std::string_view name) {
    const auto found = findColormap(name);
    if (!found) qFatal("%s", found.error().sentence().c_str());
    return **found;
}

}  // namespace

class ColormapTest : public QObject {
    Q_OBJECT

 private slots:
    void everyNamedMapIsThere() {
        QVERIFY(colormapNames().size() >= 8);
        QCOMPARE(colormapNames().front(), std::string_view("viridis"));
        for (const auto name : colormapNames()) QCOMPARE(map(name).name, std::string(name));
    }

    // First, middle and last entries as Matplotlib 3.11 has them.
    void publishedTablesAreBitEqual() {
        QVERIFY((map("viridis").entries[0] == Rgb{68, 1, 84}));
        QVERIFY((map("viridis").entries[128] == Rgb{33, 145, 140}));
        QVERIFY((map("viridis").entries[255] == Rgb{253, 231, 37}));
        QVERIFY((map("magma").entries[128] == Rgb{183, 55, 121}));
        QVERIFY((map("inferno").entries[255] == Rgb{252, 255, 164}));
        QVERIFY((map("plasma").entries[0] == Rgb{13, 8, 135}));
        QVERIFY((map("cividis").entries[255] == Rgb{254, 232, 56}));
    }

    void lightnessOfSequentialMapsNeverTurns_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<double>("steepest");  // largest step between entries over the mean step
        QTest::newRow("viridis") << "viridis" << 4.0;
        QTest::newRow("cividis") << "cividis" << 4.0;
        QTest::newRow("greys") << "greys" << 2.5;  // 8-bit rounding alone
        QTest::newRow("blues") << "blues" << 2.5;
    }
    void lightnessOfSequentialMapsNeverTurns() {
        QFETCH(QString, name);
        QFETCH(double, steepest);
        const auto& entries = map(name.toStdString()).entries;
        const double whole = lightness(entries[255]) - lightness(entries[0]);
        for (std::size_t i = 1; i < entries.size(); ++i) {
            const double step = (lightness(entries[i]) - lightness(entries[i - 1])) / (whole / 255.0);
            QVERIFY2(step > -1.0 && step < steepest, qPrintable(QString::number(i)));
        }
    }

    void divergingFallsEvenlyFromAnExactlyNeutralMiddle() {
        const auto& diverging = map("diverging");
        QVERIFY(diverging.diverging);
        QVERIFY((diverging.at(0.5) == Rgb{0xF4, 0xF4, 0xF5}));
        QVERIFY((diverging.at(0.0) == Rgb{0x00, 0x48, 0x91}));
        QVERIFY((diverging.at(1.0) == Rgb{0x84, 0x22, 0x12}));
        const double middle = lightness(diverging.entries[128]);
        for (int i = 1; i < 128; ++i) {
            const double low = middle + (lightness(diverging.entries[0]) - middle) * i / 128.0;
            const double high = middle + (lightness(diverging.entries[255]) - middle) * i / 127.0;
            QVERIFY(std::abs(lightness(diverging.entries[static_cast<std::size_t>(128 - i)]) - low) < 0.004);
            QVERIFY(std::abs(lightness(diverging.entries[static_cast<std::size_t>(128 + i)]) - high) < 0.004);
        }
    }

    void valuesOutsideTakeTheEnds() {
        const auto& viridis = map("viridis");
        QCOMPARE(Colormap::indexOf(-1.0), 0);
        QCOMPARE(Colormap::indexOf(std::nan("")), 0);
        QCOMPARE(Colormap::indexOf(7.0), 255);
        QCOMPARE(Colormap::indexOf(std::nextafter(1.0, 0.0)), 255);
        QCOMPARE(Colormap::indexOf(0.5), 128);
        QVERIFY(viridis.at(1.0) == viridis.entries[255]);
    }

    void unknownNameIsRefusedWithTheAllowedOnes() {
        const auto found = findColormap("jet");
        QVERIFY(!found);
        QVERIFY(found.error().sentence().find("viridis, magma") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(ColormapTest)
#include "colormap_test.moc"
