// Two runs beside one another: alignment against a search of everything, numbers against those worked out by
// hand, and what a run is to itself.
#include <QtTest>
#include <random>

#include "core/analysis/difference.h"
#include "core/analysis/head_comparison.h"
#include "core/attention/difference_attention.h"
#include "tests/core/analysis/analysis_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

std::vector<std::string> letters(const std::string& text) {
    std::vector<std::string> tokens;
    for (const char letter : text) tokens.emplace_back(1, letter);
    return tokens;
}

std::vector<TokenPair> aligned(const std::string& left, const std::string& right) {
    auto pairs = alignTokens(letters(left), letters(right));
    if (!pairs) qFatal("%s", pairs.error().sentence().c_str());
    return std::move(*pairs);
}

// All common subsequences: the longest, and of these the one whose left, then right indices come first.
void search(const std::string& left, const std::string& right, std::size_t i, std::size_t j,
            std::vector<TokenPair>& now, std::vector<TokenPair>& best) {
    const auto earlier = [](const std::vector<TokenPair>& a, const std::vector<TokenPair>& b) {
        const auto by = [&](int TokenPair::*side) {
            for (std::size_t at = 0; at < a.size(); ++at)
                if (a[at].*side != b[at].*side) return a[at].*side < b[at].*side ? -1 : 1;
            return 0;
        };
        const int order = by(&TokenPair::left);
        return order != 0 ? order < 0 : by(&TokenPair::right) < 0;
    };
    if (now.size() > best.size() || (now.size() == best.size() && earlier(now, best))) best = now;
    for (; i < left.size(); ++i)
        for (std::size_t k = j; k < right.size(); ++k) {
            if (left[i] != right[k]) continue;
            now.push_back({static_cast<int>(i), static_cast<int>(k)});
            search(left, right, i + 1, k + 1, now, best);
            now.pop_back();
        }
}

Difference differenceOf(const AttentionRun& left, const AttentionRun& right,
                        const DifferenceOptions& options = {}) {
    auto found = difference({left, left.main()}, {right, right.main()}, options);
    if (!found) qFatal("%s", found.error().sentence().c_str());
    return std::move(*found);
}

}  // namespace

class DifferenceTest : public QObject {
    Q_OBJECT

 private slots:
    void theLongestCommonSubsequenceIsTheEarliest() {
        QCOMPARE(aligned("abc", "abc"), (std::vector<TokenPair>{{0, 0}, {1, 1}, {2, 2}}));
        QCOMPARE(aligned("xa", "ax"), (std::vector<TokenPair>{{0, 1}}));
        QCOMPARE(aligned("ab", "abab"), (std::vector<TokenPair>{{0, 0}, {1, 1}}));
        QCOMPARE(aligned("", "abab"), std::vector<TokenPair>{});
        QCOMPARE(aligned("abc", "xyz"), std::vector<TokenPair>{});
        std::mt19937 random(5);
        for (int trial = 0; trial < 300; ++trial) {
            std::string left, right;
            for (unsigned i = random() % 8; i > 0; --i) left += static_cast<char>('a' + random() % 3);
            for (unsigned i = random() % 8; i > 0; --i) right += static_cast<char>('a' + random() % 3);
            std::vector<TokenPair> now, best;
            search(left, right, 0, 0, now, best);
            QVERIFY2(aligned(left, right) == best, (left + " " + right).c_str());
        }
    }

    void theJointAxisHoldsEveryTokenOnce() {
        QCOMPARE(jointAxis(aligned("abcd", "xbdd"), 4, 4),
                 (std::vector<TokenPair>{{0, -1}, {-1, 0}, {1, 1}, {2, -1}, {3, 2}, {-1, 3}}));
    }

    void aRunIsItselfExactly() {
        for (const auto& [name, run] : sampleRuns()) {
            const auto found = differenceOf(*run, *run);
            QVERIFY(found.alignment.whole(run->main(), run->main()));
            for (const auto& head : found.heads) {
                QCOMPARE(head.cosine, 1.0);
                QVERIFY(head.divergence == 0 || name == "one token");
            }
            for (const auto& layer : found.layers) QCOMPARE(layer.croppedCosine, 1.0);
            const auto map =
                differenceMap(run->main(), {0, 0}, run->main(), {0, 0}, found.alignment, 0, 1 << 20);
            QVERIFY(map.ok());
            QCOMPARE(static_cast<int>(map->queries.size()), run->main().info().queries);
            for (const float value : map->values) QCOMPARE(value, 0.0F);
        }
    }

    void numbersAreTakenOverAlignedRowsAndKeys() {
        // "a b c" and "a x c": rows and keys 0 and 2.
        const auto left = runFromText("1 . .\n.5 .5 .\n.2 .3 .5", {"a", "b", "c"});
        const auto right = runFromText("1 . .\n.6 .4 .\n.4 .2 .4", {"a", "x", "c"});
        const auto found = differenceOf(*left, *right);
        QCOMPARE(found.alignment.queries, (std::vector<TokenPair>{{0, 0}, {2, 2}}));
        QCOMPARE(found.alignment.keys, found.alignment.queries);
        const double cosine = (1 + .2 * .4 + .5 * .4) / std::sqrt((1 + .04 + .25) * (1 + .16 + .16));
        QVERIFY(close(found.heads[0].cosine, cosine, 1e-6));
        const double p = .2 / .7, q = .5, m = (p + q) / 2;
        const double divergence = (p * std::log(p / m) + (1 - p) * std::log((1 - p) / (1 - m)) +
                                   q * std::log(q / m) + (1 - q) * std::log((1 - q) / (1 - m))) /
                                  2;
        QVERIFY(close(found.heads[0].divergence, divergence, 1e-6));
        QCOMPARE(found.layers[0].cosine, found.heads[0].cosine);
        const double cropped = (1 + .3 + .2 + .08 + .06 + .2) / std::sqrt((1 + .25 + .25 + .04 + .09 + .25) *
                                                                          (1 + .36 + .16 + .16 + .04 + .16));
        QVERIFY(close(found.layers[0].croppedCosine, cropped, 1e-6));

        const auto map = differenceMap(left->main(), {0, 0}, right->main(), {0, 0}, found.alignment, 0, 9);
        QVERIFY(map.ok());
        QCOMPARE(map->queries, (std::vector<TokenPair>{{0, 0}, {1, -1}, {-1, 1}, {2, 2}}));
        const std::vector<float> last(map->values.end() - 4, map->values.end());
        QVERIFY(std::abs(last[0] - .2F) < 1e-6F && std::abs(last[3] + .1F) < 1e-6F);
        QVERIFY(std::isnan(last[1]) && std::isnan(last[2]));
        using Cell = DifferenceCell;
        QCOMPARE((std::vector<Cell>(map->cells.begin(), map->cells.begin() + 8)),
                 (std::vector<Cell>{Cell::both, Cell::alone, Cell::alone, Cell::unseen, Cell::alone,
                                    Cell::alone, Cell::alone, Cell::alone}));
        const auto part = differenceMap(left->main(), {0, 0}, right->main(), {0, 0}, found.alignment, 3, 4);
        QCOMPARE(part->queries, (std::vector<TokenPair>{{2, 2}}));
        QCOMPARE(part->values[0], last[0]);
    }

    void textsOfDifferentLengthAreCutForTheCompatibleNumber() {
        const auto left = runFromText("1 .\n.5 .5\n-\n1 .\n.1 .9", {"a", "b"});
        const auto right = runFromText("1 . .\n.2 .8 .\n0 0 1\n-\n1 . .\n.4 .6 .\n0 0 1", {"z", "a", "b"});
        const auto found = differenceOf(*left, *right);
        QCOMPARE(found.alignment.keys, (std::vector<TokenPair>{{0, 1}, {1, 2}}));
        const double cropped = (1 + .3 * .3 + .7 * .7) / (1 + .3 * .3 + .7 * .7);
        QVERIFY(close(found.layers[0].croppedCosine, cropped, 1e-6));
        // Row a on itself, row b on itself alone.
        QVERIFY(close(found.heads[0].cosine, (.8 + .5) / std::sqrt((1 + .5) * (.64 + 1)), 1e-6));
        // Row a of the left sees one key, the same as is aligned; row b is all on b on the right.
        QVERIFY(close(found.heads[0].divergence,
                      (.5 * std::log(.5 / .25) + .5 * std::log(.5 / .75) + std::log(1 / .75)) / 2 / 2, 1e-6));
    }

    void nothingInCommonIsNoNumber() {
        const auto left = runFromText("1 .\n.5 .5", {"a", "b"}),
                   right = runFromText("1 .\n.5 .5", {"c", "d"});
        const auto found = differenceOf(*left, *right);
        QVERIFY(found.alignment.keys.empty());
        QVERIFY(std::isnan(found.heads[0].cosine) && std::isnan(found.heads[0].divergence));
        QVERIFY(std::isnan(found.layers[0].cosine));
        QCOMPARE(found.layers[0].croppedCosine, 1.0);
    }

    void sidesOfDifferentShapeShareWhatBothHave() {
        const auto left = randomRun(3, 4, 10), right = randomRun(2, 2, 10, true, 9);
        const auto found = differenceOf(*left, *right);
        QCOMPARE(found.layers.size(), std::size_t{2});
        QCOMPARE(found.heads.size(), std::size_t{4});
        const auto none = difference({*left, left->main()}, {*right, right->main()}, {.layers = {2}});
        QCOMPARE(none.error().kind, ErrorKind::badInput);
        const auto cross = sampleRuns()[4].run;
        const auto mixed = difference({*left, left->main()}, {*cross, cross->main()});
        QCOMPARE(mixed.error().kind, ErrorKind::unsupported);
    }

    void twoHeadsOfOneRunAreComparedByGivingItTwice() {
        ATTNVIZ_NEED_SHARED(kRecordedGpt2);
        const auto run = recordedGpt2();
        const auto map = differenceMap(run->main(), {4, 11}, run->main(), {5, 1},
                                       *alignRuns({*run, run->main()}, {*run, run->main()}), 0, 9);
        QVERIFY(map.ok());
        std::vector<float> left(9), right(9);
        run->main().row({4, 11}, 5, left);
        run->main().row({5, 1}, 5, right);
        for (std::size_t key = 0; key < 9; ++key) QCOMPARE(map->values[45 + key], right[key] - left[key]);
    }

    void stoppingIsAnswered() {
        const auto run = randomRun(2, 2, 10), other = randomRun(2, 2, 12);
        std::stop_source stop;
        stop.request_stop();
        QCOMPARE(
            difference({*run, run->main()}, {*other, other->main()}, {}, {}, stop.get_token()).error().kind,
            ErrorKind::cancelled);
        QCOMPARE(alignTokens(letters("ab"), letters("ba"), stop.get_token()).error().kind,
                 ErrorKind::cancelled);
        qputenv("ATTNVIZ_AVAILABLE_MEMORY", "1");
        QCOMPARE(alignTokens(letters("abab"), letters("baba")).error().kind, ErrorKind::outOfMemory);
        qunsetenv("ATTNVIZ_AVAILABLE_MEMORY");
    }

    // The most that alignment can cost at this length: no two tokens are alike.
    void fourThousandDifferentTokensAreAlignedOrStopped() {
        std::vector<std::string> left, right;
        for (int token = 0; token < 4096; ++token) {
            left.push_back("l" + std::to_string(token));
            right.push_back("r" + std::to_string(token));
        }
        left[1000] = right[3000] = "both";
        const auto pairs = alignTokens(left, right);
        QVERIFY(pairs && *pairs == std::vector<TokenPair>({{1000, 3000}}));
        QCOMPARE(jointAxis(*pairs, 4096, 4096).size(), std::size_t{8191});
        std::stop_source stop;
        stop.request_stop();
        const auto stopped = alignTokens(left, right, stop.get_token());
        QVERIFY(!stopped && stopped.error().kind == ErrorKind::cancelled);
    }

    // 170 and 150 tokens, several bands: what is read in one pass is what the map says cell by cell.
    void comparedHeadsAreThoseOfTheMap() {
        const auto left = randomRun(2, 3, 170, true, 3), right = randomRun(2, 3, 150, true, 4);
        RunAlignment alignment;
        for (int a = 0, b = 0; a < 170 && b < 150; ++a, ++b) {
            if (a % 5 == 1) ++a;
            if (b % 7 == 2) ++b;
            if (a < 170 && b < 150) alignment.keys.push_back({a, b});
        }
        alignment.queries = alignment.keys;
        const HeadId head{1, 2};
        const auto found = compareHeads(left->main(), head, right->main(), head, alignment, 40);
        QVERIFY(found);
        const auto axis = jointAxis(alignment.keys, 170, 150);
        const auto map = differenceMap(left->main(), head, right->main(), head, alignment, 0,
                                       static_cast<int>(axis.size()));
        QVERIFY(map);
        std::vector<std::pair<float, std::size_t>> changes;
        std::int64_t cells = 0;
        for (std::size_t at = 0; at < map->values.size(); ++at) {
            if (map->cells[at] != DifferenceCell::both) continue;
            ++cells;
            if (map->values[at] != 0) changes.emplace_back(-std::abs(map->values[at]), at);
        }
        std::ranges::sort(changes);
        QCOMPARE(found->alignedCells, cells);
        QCOMPARE(found->changes.size(), std::size_t{40});
        for (std::size_t at = 0; at < 40; ++at) {
            const auto& change = found->changes[at];
            QCOMPARE(
                static_cast<std::size_t>(change.query) * axis.size() + static_cast<std::size_t>(change.key),
                changes[at].second);
            QCOMPARE(change.change(), map->values[changes[at].second]);
        }
        float largest = 0;
        std::vector<float> row(170);
        for (const auto& [run, count] : {std::pair(left, 170), std::pair(right, 150)})
            for (int query = 0; query < count; ++query) {
                run->main().row(head, query, std::span(row).first(static_cast<std::size_t>(count)));
                for (int key = 0; key <= query; ++key)
                    largest = std::max(largest, row[static_cast<std::size_t>(key)]);
            }
        QCOMPARE(found->largestWeight, static_cast<double>(largest));
        // The overview is the difference's own tile, where tokens without a partner are no difference.
        JointTokens joint;
        for (const auto& pair : axis) {
            joint.a.push_back(pair.left);
            joint.b.push_back(pair.right);
        }
        const DifferenceAttention difference({left->sources.front(), head}, {right->sources.front(), head},
                                             joint, joint, found->overview);
        std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
        QVERIFY(difference.tile({{}, 0, 0, 0, Pooling::max}, tile, {}));
        QCOMPARE(difference.overview({}).columns, static_cast<int>(axis.size()));
        for (int query = 0; query < difference.overview({}).rows; ++query)
            for (int key = 0; key < difference.overview({}).columns; ++key)
                QCOMPARE(difference.overview({}).maxAt(query, key),
                         tile[static_cast<std::size_t>(query * kTileCells + key)]);
    }

    void comparedHeadsMeasureAsTheDifferenceDoes() {
        const auto left = randomRun(2, 3, 200, true, 3), right = randomRun(2, 3, 200, true, 4);
        const auto expected = differenceOf(*left, *right);
        for (const auto& head : expected.heads) {
            const auto found = compareHeads(left->main(), {head.layer, head.head}, right->main(),
                                            {head.layer, head.head}, expected.alignment, 5);
            QVERIFY(found);
            QVERIFY(std::abs(found->measure.cosine - head.cosine) < 1e-12);
            QVERIFY(std::abs(found->measure.divergence - head.divergence) < 1e-12);
        }
        const auto same = compareHeads(left->main(), {1, 1}, left->main(), {1, 1}, expected.alignment, 5);
        QVERIFY(same && same->changes.empty());
        QCOMPARE(same->measure.cosine, 1.0);
        QCOMPARE(same->measure.divergence, 0.0);
        std::stop_source stop;
        stop.request_stop();
        const auto stopped = compareHeads(left->main(), {1, 1}, right->main(), {1, 1}, expected.alignment, 5,
                                          {}, stop.get_token());
        QVERIFY(!stopped && stopped.error().kind == ErrorKind::cancelled);
    }
};

QTEST_GUILESS_MAIN(DifferenceTest)
#include "difference_test.moc"
