// Roles of drawn heads, and of the recorded GPT-2.
#include <QtTest>

#include "core/analysis/head_roles.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

HeadRole only(const AttentionRun& run, const HeadRoleOptions& options = {}) {
    auto roles = headRoles(run, run.main(), options);
    if (!roles) qFatal("%s", roles.error().sentence().c_str());
    return roles->front();
}

std::shared_ptr<const AttentionRun> withIds(std::shared_ptr<const AttentionRun> run,
                                            const std::vector<int>& ids) {
    auto copy = std::make_shared<AttentionRun>(*run);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        copy->input.tokens[i].id = ids[i];
        copy->input.tokens[i].text = "w" + std::to_string(ids[i]);
    }
    return copy;
}

}  // namespace

class HeadRolesTest : public QObject {
    Q_OBJECT

 private slots:
    void theStrongestPreviousTokenHeadOfGpt2() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const auto roles = headRoles(*run, run->main());
        QVERIFY(roles.ok());
        QCOMPARE(roles->size(), std::size_t{144});
        const auto best = std::max_element(roles->begin(), roles->end(), [](const auto& a, const auto& b) {
            return a.score(HeadScore::previousToken) < b.score(HeadScore::previousToken);
        });
        QCOMPARE(best->layer, 4);
        QCOMPARE(best->head, 11);
        QVERIFY(std::abs(best->score(HeadScore::previousToken) - .9997) < 6e-5);
        QCOMPARE(best->role, std::string_view("previous_token"));
    }

    void rowsThatCannotEarnAScoreAreNotCounted() {
        const auto previous = only(*runFromText("1 . .\n1 . .\n. 1 ."));
        QCOMPARE(previous.score(HeadScore::previousToken), 1.0);
        QCOMPARE(previous.score(HeadScore::self), 0.0);
        QCOMPARE(previous.score(HeadScore::firstToken), 0.5);
        QVERIFY(std::isnan(previous.score(HeadScore::nextToken)));  // a causal query sees none
        QVERIFY(std::isnan(previous.score(HeadScore::duplicateToken)));
        QCOMPARE(previous.role, std::string_view("previous_token"));
        const auto next = only(*runFromText("0 1 0\n0 0 1\n1 0 0"));
        QCOMPARE(next.score(HeadScore::nextToken), 1.0);
        QCOMPARE(next.role, std::string_view("next_token"));
    }

    void inductionLooksAfterTheEarlierOccurrence() {
        // a b a b: the third token looks at b, the fourth at the second a.
        const auto induction =
            only(*withIds(runFromText("1 . . .\n1 . . .\n. 1 . .\n. . 1 ."), {5, 6, 5, 6}));
        QCOMPARE(induction.score(HeadScore::induction), 1.0);
        QCOMPARE(induction.score(HeadScore::duplicateToken), 0.0);
        const auto duplicate =
            only(*withIds(runFromText("1 . . .\n.5 .5 . .\n.8 . .2 .\n. .6 . .4"), {5, 6, 5, 6}));
        QVERIFY(close(duplicate.score(HeadScore::duplicateToken), .7, 1e-6));
        QCOMPARE(duplicate.role, std::string_view("duplicate_token"));
    }

    void specialTokensAreAskedOfTheOthersOnly() {
        auto run = std::make_shared<AttentionRun>(*runFromText("0 1 0\n.5 .1 .4\n0 1 0"));
        run->input.tokens[0].special = run->input.tokens[2].special = true;
        QVERIFY(close(only(*run).score(HeadScore::specialToken), .9, 1e-6));
    }

    void uniformBeginsAtEightTenths() {
        const auto even = only(*runFromText("1 .\n.5 .5"));
        QVERIFY(close(even.score(HeadScore::uniform), 1, 1e-9));
        const auto peaked = only(*runFromText("1 .\n.95 .05"));
        QCOMPARE(peaked.score(HeadScore::uniform), 0.0);
    }

    void theThresholdDecidesBetweenARoleAndMixed() {
        const auto run = runFromText("1 . .\n.6 .4 .\n0 .6 .4");
        QCOMPARE(only(*run).role, std::string_view("previous_token"));
        QCOMPARE(only(*run, {.above = .97}).role, std::string_view("mixed"));
    }

    void acrossTwoTextsOnlySomeScoresHaveAMeaning() {
        for (const auto& [name, run] : sampleRuns()) {
            const auto role = only(*run);
            if (name == "cross") {
                QVERIFY(std::isnan(role.score(HeadScore::previousToken)));
                QVERIFY(std::isnan(role.score(HeadScore::induction)));
                QVERIFY(!std::isnan(role.score(HeadScore::uniform)));
            }
            for (const double score : role.scores) QVERIFY(std::isnan(score) || (score >= 0 && score <= 1));
        }
    }
};

QTEST_GUILESS_MAIN(HeadRolesTest)
#include "head_roles_test.moc"
