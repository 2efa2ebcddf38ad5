// The loops that all attention passes through, against the same in float64, at lengths around the vectors'.
#include <QtTest>
#include <cmath>
#include <limits>
#include <random>

#include "core/attention/row_kernels.h"

using namespace attnviz;

class RowKernelsTest : public QObject {
    Q_OBJECT

    static constexpr float kMasked = -std::numeric_limits<float>::infinity();

    static std::vector<float> numbers(int count, float deviation) {
        std::mt19937 random(static_cast<unsigned>(count));
        std::normal_distribution<float> normal(0.0F, deviation);
        std::vector<float> values(static_cast<std::size_t>(count));
        for (float& value : values) value = normal(random);
        return values;
    }

 private slots:
    void aRowsSoftmaxAndItsNumbersEqualFloat64() {
        for (const int count : {1, 2, 7, 8, 9, 15, 16, 17, 255, 511, 512, 513, 1030, 5000})
            for (const bool masked : {false, true}) {
                auto values = numbers(count, 4);
                if (masked && count > 4) values[3] = kMasked;
                const auto logits = values;
                const int query = count / 2, firstKey = 5;
                const RowMoments moments = softmaxRow(values, query, firstKey);
                double max = -1e300, sum = 0, entropy = 0, distance = 0;
                int below = 0;
                for (const float logit : logits) max = std::max(max, static_cast<double>(logit));
                for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - max);
                for (std::size_t i = 0; i < logits.size(); ++i) {
                    const double weight = std::exp(static_cast<double>(logits[i]) - max) / sum;
                    QVERIFY(std::fabs(weight - static_cast<double>(values[i])) < 5e-7);
                    if (weight > 0) entropy -= weight * std::log(weight);
                    distance += weight * std::abs(query - firstKey - static_cast<int>(i));
                    below += values[i] < 0.01F ? 1 : 0;
                }
                QVERIFY(std::fabs(moments.logSumExp - (max + std::log(sum))) < 1e-6);
                QVERIFY(std::fabs(moments.entropy - entropy) < 1e-6);
                QVERIFY(std::fabs(moments.distance - distance) < 1e-6 * (1 + distance));
                QCOMPARE(moments.below, below);
                QVERIFY(std::fabs(static_cast<double>(moments.max) - 1 / sum) < 5e-7);
            }
    }

    void aRowThatSeesNothingIsUniform() {
        std::vector<float> values(10, kMasked);
        const RowMoments moments = softmaxRow(values, 0, 0);
        for (const float value : values) QCOMPARE(value, 0.1F);
        QCOMPARE(moments.entropy, std::log(10.0));
    }

    void theExponentialIsWithinTwoUnitsInTheLastPlace() {
        std::vector<float> values;
        for (double x = -86.9; x < 88; x += 0.001) values.push_back(static_cast<float>(x));
        auto results = values;
        exponentials(results, 0);
        double worst = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double exact = std::exp(static_cast<double>(values[i]));
            worst = std::max(worst, std::fabs(static_cast<double>(results[i]) - exact) / exact);
        }
        QVERIFY2(worst < 1.2e-7, qPrintable(QString::number(worst)));
        std::vector<float> far{-1000.0F, -87.5F, kMasked};
        exponentials(far, 0);
        QCOMPARE(far, (std::vector<float>{0, 0, 0}));
    }

    void largestAndSumsMissNoCell() {
        for (int count = 1; count < 40; ++count)
            for (int at = 0; at < count; ++at) {
                std::vector<float> values(static_cast<std::size_t>(count), 0.25F);
                values[static_cast<std::size_t>(at)] = 2;
                QCOMPARE(largest(values), 2.0F);
                const auto both = sumAndMax(values);
                QCOMPARE(both.max, 2.0F);
                QCOMPARE(both.sum, 2 + 0.25 * (count - 1));
            }
        QCOMPARE(largest({}), kMasked);
    }
};

QTEST_GUILESS_MAIN(RowKernelsTest)
#include "row_kernels_test.moc"
