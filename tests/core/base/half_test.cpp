#include "core/base/half.h"

#include <QtTest>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using namespace attnviz;

namespace {

std::uint32_t bitsOf(float value) {
    return std::bit_cast<std::uint32_t>(value);
}

// The definition: sign, exponent and mantissa read apart, in float64.
double halfByDefinition(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
    return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

bool isNan(std::uint16_t half) {
    return (half & 0x7C00) == 0x7C00 && (half & 0x03FF) != 0;
}

}  // namespace

class HalfTest : public QObject {
    Q_OBJECT
 private slots:
    void everyHalfIsReadByDefinitionAndComesBack() {
        for (unsigned i = 0; i < 65536; ++i) {
            const auto bits = static_cast<std::uint16_t>(i);
            const float value = floatFromHalf(bits);
            if (isNan(bits)) {
                QVERIFY(std::isnan(value));
                QCOMPARE(static_cast<unsigned>(halfFromFloat(value)), i | 0x200U);  // quiet, the payload kept
                continue;
            }
            QCOMPARE(static_cast<double>(value), halfByDefinition(bits));
            QCOMPARE(std::signbit(value), (i & 0x8000U) != 0);
            QCOMPARE(static_cast<unsigned>(halfFromFloat(value)), i);
        }
    }

    void tiesGoToTheEvenNeighbour() {
        // Between every two neighbours: the middle goes to the even one, what is a bit off goes to the
        // nearer.
        for (unsigned i = 0; i < 0x7BFF; ++i) {
            const float low = floatFromHalf(static_cast<std::uint16_t>(i));
            const float high = floatFromHalf(static_cast<std::uint16_t>(i + 1));
            const float middle = low + (high - low) / 2;
            QCOMPARE(static_cast<unsigned>(halfFromFloat(middle)), i + (i & 1U));
            QCOMPARE(static_cast<unsigned>(halfFromFloat(std::nextafter(middle, 0.0F))), i);
            QCOMPARE(static_cast<unsigned>(halfFromFloat(std::nextafter(middle, 1e9F))), i + 1);
            QCOMPARE(static_cast<unsigned>(halfFromFloat(-middle)), (i + (i & 1U)) | 0x8000U);
        }
    }

    void whatIsTooLargeBecomesInfinity() {
        QCOMPARE(static_cast<int>(halfFromFloat(65504.0F)), 0x7BFF);
        QCOMPARE(static_cast<int>(halfFromFloat(65519.99F)), 0x7BFF);
        QCOMPARE(static_cast<int>(halfFromFloat(65520.0F)), 0x7C00);
        QCOMPARE(static_cast<int>(halfFromFloat(-1e30F)), 0xFC00);
        QCOMPARE(static_cast<int>(halfFromFloat(std::ldexp(1.0F, -25))), 0);
        QCOMPARE(static_cast<int>(halfFromFloat(std::nextafter(std::ldexp(1.0F, -25), 1.0F))), 1);
    }

    // Odd lengths, so that both the processor's conversion and the loop behind it are compared with the
    // scalar one.
    void arraysEqualTheScalarConversion() {
        std::vector<std::uint16_t> halves(65536 + 7);
        for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
        std::vector<float> floats(halves.size());
        floatsFromHalves(halves, floats);
        for (std::size_t i = 0; i < halves.size(); ++i)
            QCOMPARE(bitsOf(floats[i]), bitsOf(floatFromHalf(halves[i])));

        std::mt19937 random(3);
        std::vector<float> any(200003);
        for (auto& value : any) value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        std::vector<std::uint16_t> narrowed(any.size());
        halvesFromFloats(any, narrowed);
        for (std::size_t i = 0; i < any.size(); ++i) QCOMPARE(narrowed[i], halfFromFloat(any[i]));
        for (std::size_t i = 0; i < any.size(); ++i)  // within half's own range
            any[i] = static_cast<float>(static_cast<double>(random()) / 4294967296.0 - 0.5) * 1e-4F;
        halvesFromFloats(any, narrowed);
        for (std::size_t i = 0; i < any.size(); ++i) QCOMPARE(narrowed[i], halfFromFloat(any[i]));
        floatsFromHalves({}, {});
    }

    void bfloatsComeBackAndRoundToEven() {
        for (unsigned i = 0; i < 65536; ++i) {
            const auto bits = static_cast<std::uint16_t>(i);
            const float value = floatFromBfloat16(bits);
            if (std::isnan(value)) {
                QVERIFY(std::isnan(floatFromBfloat16(bfloat16FromFloat(value))));
                continue;
            }
            QCOMPARE(bitsOf(value), i << 16U);
            QCOMPARE(static_cast<unsigned>(bfloat16FromFloat(value)), i);
            if (std::isinf(value)) continue;
            QCOMPARE(static_cast<unsigned>(bfloat16FromFloat(std::bit_cast<float>((i << 16U) | 0x8000U))),
                     i + (i & 1U));
            QCOMPARE(static_cast<unsigned>(bfloat16FromFloat(std::bit_cast<float>((i << 16U) | 0x7FFFU))), i);
        }
        // A NaN whose payload lies below stays a NaN.
        QVERIFY(std::isnan(floatFromBfloat16(bfloat16FromFloat(std::bit_cast<float>(0x7F800001U)))));
    }
};

QTEST_GUILESS_MAIN(HalfTest)
#include "half_test.moc"
