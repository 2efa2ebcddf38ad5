#include "core/analysis/sinks.h"

#include <QtTest>
#include <cmath>

#include "core/session/session.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

class SinksTest : public QObject {
    Q_OBJECT

 private slots:
    void aKeyThatAllLookAtIsASink() {
        const auto source = attentionFromText(R"(
            1  .  .  .  .  .
            .9 .1 .  .  .  .
            .9 .  .1 .  .  .
            .9 .  .  .1 .  .
            .9 .  .  .  .1 .
            .9 .  .  .  .  .1)");
        const auto shares = sinkShares(*source, 0);
        QVERIFY(std::fabs(shares[0].share - 0.9) < 1e-6);
        QVERIFY(std::fabs(shares[0].expectation - (1 / 2. + 1 / 3. + 1 / 4. + 1 / 5. + 1 / 6.) / 5) < 1e-9);
        QCOMPARE(*sinksOf(*source), std::vector<int>{0});
    }

    void aUniformHeadHasNoSink() {
        const auto source = attentionFromText(R"(
            1   .   .   .   .
            .5  .5  .   .   .
            .33 .33 .34 .   .
            .25 .25 .25 .25 .
            .2  .2  .2  .2  .2)");
        QVERIFY(sinksOf(*source)->empty());
    }

    // Token 0 is a sink of layers 5 to 11 of the recording, in no other, and no other token is one.
    void theRecordedModelDrainsToItsFirstToken() {
        ATTNVIZ_NEED_SHARED("data/recorded/gpt2-quick-brown-fox/attention_data.json");
        const auto session =
            openSession(sharedDir() / "data/recorded/gpt2-quick-brown-fox/attention_data.json");
        QVERIFY2(session.ok(), session.ok() ? "" : session.error().sentence().c_str());
        const auto& source = session->run->main();
        for (int layer = 0; layer < source.info().layers; ++layer) {
            const auto shares = sinkShares(source, layer);
            for (std::size_t key = 0; key < shares.size(); ++key)
                QCOMPARE(shares[key].sink, key == 0 && layer >= 5);
        }
        QVERIFY(std::fabs(sinkShares(source, 5)[0].share - 0.79) < 0.005);
        QVERIFY(std::fabs(sinkShares(source, 11)[0].share - 0.690) < 0.0005);
        QVERIFY(std::fabs(3 * sinkShares(source, 11)[0].expectation - 0.686) < 0.0005);
        QCOMPARE(*sinksOf(source), std::vector<int>{0});
    }
};

QTEST_GUILESS_MAIN(SinksTest)
#include "sinks_test.moc"
