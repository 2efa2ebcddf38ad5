// Colours are exactly those of the map: linear as Colormap::indexOf says, logarithmic by its thresholds.
#include "ui/widgets/color_scale.h"

#include <QtTest>
#include <cmath>
#include <random>

#include "ui/widgets/color_bar.h"

using namespace attnviz;
using namespace attnviz::ui;

class ColorScaleTest : public QObject {
    Q_OBJECT

    static const Colormap& viridis() { return **findColormap("viridis"); }

 private slots:
    void linearEqualsTheMapForEveryKindOfValue() {
        const ColorScale scale(viridis(), 0, 1, false);
        std::mt19937 random(7);
        std::uniform_real_distribution<float> uniform(0, 1);
        for (int i = 0; i < 100'000; ++i) {
            const float value = i % 3 == 0 ? std::pow(10.0F, -6 * uniform(random)) : uniform(random);
            QCOMPARE(scale.indexOf(value), Colormap::indexOf(static_cast<double>(value)));
        }
        for (int k = 0; k <= 256; ++k) QCOMPARE(scale.indexOf(k / 256.0F), std::min(k, 255));
        QCOMPARE(scale.indexOf(-3), 0);
        QCOMPARE(scale.indexOf(std::nanf("")), 0);
        QCOMPARE(scale.indexOf(std::numeric_limits<float>::infinity()), 255);
    }

    void anyRangeAgreesWithTheObviousVersion() {
        std::mt19937 random(3);
        for (const auto& [low, high, logarithmic] : {std::tuple(0.001, 1.0, true),
                                                     {1e-6, 1.0, true},
                                                     {0.5, 0.51, false},
                                                     {-0.4, 0.4, false},
                                                     {0.0, 12.0, false}}) {
            const ColorScale scale(viridis(), low, high, logarithmic);
            std::uniform_real_distribution<double> inside(low, high);
            for (int i = 0; i < 20'000; ++i) {
                const double place = std::uniform_real_distribution<double>(0, 1)(random);
                const auto value = static_cast<float>(scale.valueAt(place));
                const double exact = scale.zeroToOne(static_cast<double>(value)) * 256;
                if (std::abs(exact - std::round(exact)) < 1e-4) continue;  // on an edge: either
                QCOMPARE(scale.indexOf(value), std::clamp(static_cast<int>(exact), 0, 255));
            }
        }
    }

    void ticksAreRoundAndEndWithTheRange() {
        const auto linear = colorBarTicks(ColorScale(viridis(), 0, 1, false), 5);
        QCOMPARE(linear.front().text, QString("0"));
        QCOMPARE(linear.back().text, QString("1"));
        QCOMPARE(linear[1].text, QString("0.2"));
        const auto log = colorBarTicks(ColorScale(viridis(), 0.001, 1, true), 6);
        QCOMPARE(log.front().text, QString("≤0.001"));
        QCOMPARE(log.back().text, QString("1"));
        QCOMPARE(log.size(), std::size_t(4));
    }

    void anImpossibleRangeIsMended() {
        QVERIFY(ColorScale(viridis(), 1, 1, false).high() > 1);
        QVERIFY(ColorScale(viridis(), 0, 1, true).low() > 0);
    }
};

QTEST_MAIN(ColorScaleTest)
#include "color_scale_test.moc"
