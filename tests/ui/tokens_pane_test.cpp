// The running text on the real window: weights of chosen tokens, their means, importance, folds of long
// texts.
#include <QCheckBox>
#include <QHeaderView>
#include <QPushButton>
#include <QSettings>
#include <QTableView>

#include "core/analysis/importance.h"
#include "tests/ui/window_case.h"
#include "ui/state/file_controller.h"
#include "ui/widgets/segments.h"
#include "ui/widgets/token_strip.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

class TokensPaneTest : public QObject {
    Q_OBJECT

    static constexpr const char* kGpt2 = "data/recorded/gpt2-quick-brown-fox/attention_data.json";
    static constexpr const char* kBert = "data/recorded/bert-sst2-dodrio/attention-0006.json";

    static void direct(PaneWindow& test, int direction) {
        test.part<Segments>().button(direction)->click();
        QVERIFY(test.settle(60'000));
    }
    static void click(TokenStrip& strip, int token, Qt::KeyboardModifiers keys = {}) {
        QVERIFY(!strip.rectOf(token).isEmpty());
        QTest::mouseClick(strip.viewport(), Qt::LeftButton, keys, strip.rectOf(token).center());
    }
    static void compare(const QString& values, const std::vector<double>& expected) {
        const QStringList lines = values.split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), static_cast<qsizetype>(expected.size()) + 1);
        for (std::size_t token = 0; token < expected.size(); ++token) {
            const QString cell = lines[static_cast<qsizetype>(token) + 1].split('\t')[2];
            QCOMPARE(cell.isEmpty(), std::isnan(expected[token]));
            if (!cell.isEmpty()) QVERIFY(std::abs(cell.toDouble() - expected[token]) < 1e-6);
        }
    }
    static std::vector<double> rowsMean(const AttentionSource& source, HeadId head, int from, int end) {
        const auto& info = source.info();
        std::vector<double> out(static_cast<std::size_t>(info.keys), std::nan(""));
        std::vector<float> row(out.size());
        for (int query = from; query < end; ++query) {
            source.row(head, query, row);
            for (int key = 0; key < info.keys; ++key) {
                if (!info.visibility.sees(head.layer, query, key)) continue;
                auto& sum = out[static_cast<std::size_t>(key)];
                sum = (std::isnan(sum) ? 0 : sum) + row[static_cast<std::size_t>(key)] / double(end - from);
            }
        }
        return out;
    }

 private slots:
    void init() { QSettings(stateFile(), QSettings::IniFormat).remove("tokens"); }

    // Of many tokens the strongest come first; a click on a header is the person's own order.
    void longTablesBeginWithTheStrongest() {
        const auto order = [](PaneWindow& test) {
            const auto* model = test.part<QTableView>().model();
            return std::pair(model->index(0, 0).data().toString(), model->index(1, 0).data().toString());
        };
        PaneWindow test("tokens");
        test.open(test::randomRun(2, 2, 12));
        QCOMPARE(order(test), std::pair(QString("0"), QString("1")));
        test.open(test::randomRun(2, 2, 200));
        const auto& model = *test.part<QTableView>().model();
        for (int row = 0; row < 5; ++row)
            QCOMPARE(model.index(row, model.columnCount() - 1).data().toString(), QString::number(row + 1));
        auto* header = test.part<QTableView>().horizontalHeader();
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, QPoint(header->sectionPosition(0) + 8, 8));
        QVERIFY(test.settle());
        QCOMPARE(order(test), std::pair(QString("0"), QString("1")));
        test.workspace().setHead({1, 1});
        QVERIFY(test.settle());
        QCOMPARE(order(test), std::pair(QString("0"), QString("1")));
    }

    // Padding is a line that can be opened, and the query that is shown first is none of it.
    void paddingIsFolded() {
        PaneWindow test("tokens");
        test.open(test::randomRun(1, 1, 20, false, 1, {16, 17, 18, 19}));
        auto& strip = test.part<TokenStrip>();
        QCOMPARE(strip.foldedTokens(), 4);
        QCOMPARE(test.workspace().activeQuery(), 15);
        QVERIFY(!strip.rectOf(15).isEmpty() && strip.rectOf(16).isEmpty());
        strip.openFold(0);
        QCOMPARE(strip.foldedTokens(), 0);
        QVERIFY(!strip.rectOf(19).isEmpty());
    }

    void chosenQueriesAreAveraged() {
        PaneWindow test("tokens", {360, 420});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        test.workspace().setHead({1, 0});
        QVERIFY(test.settle());
        auto& strip = test.part<TokenStrip>();
        click(strip, 5);
        QVERIFY(test.settle());
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{5, 6}));
        QCOMPARE(test.workspace().pinned()->query, 5);
        compare(test.pane().values(), rowsMean(run->main(), {1, 0}, 5, 6));
        click(strip, 7, Qt::ShiftModifier);
        QVERIFY(test.settle());
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{5, 8}));
        compare(test.pane().values(), rowsMean(run->main(), {1, 0}, 5, 8));
        QVERIFY2(test.words().contains("mean of 3 queries"), qPrintable(test.words()));
        QVERIFY2(test.words().contains("sums to 1.0000"), qPrintable(test.words()));
        click(strip, 8, Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{5, 9}));
        click(strip, 5, Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{6, 9}));
        QTest::mousePress(strip.viewport(), Qt::LeftButton, {}, strip.rectOf(2).center());
        attnviz::test::movePointer(*strip.viewport(), strip.rectOf(4).center(), Qt::LeftButton);
        QTest::mouseRelease(strip.viewport(), Qt::LeftButton, {}, strip.rectOf(4).center());
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{2, 5}));
        // What is chosen or pinned elsewhere is seen here, the newest first.
        test.workspace().setTokens(KeyRange{10, 12}, KeyRange{3, 4});
        QVERIFY(test.settle());
        compare(test.pane().values(), rowsMean(run->main(), {1, 0}, 10, 12));
        test.workspace().setPinned(Cell{13, 2});
        QVERIFY(test.settle());
        compare(test.pane().values(), rowsMean(run->main(), {1, 0}, 13, 14));
        QTest::keyClick(&strip, Qt::Key_Left);
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{12, 13}));
    }

    void chosenKeysAreAveraged() {
        PaneWindow test("tokens", {360, 420});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        direct(test, 1);
        auto& strip = test.part<TokenStrip>();
        click(strip, 2);
        click(strip, 4, Qt::ShiftModifier);
        QVERIFY(test.settle());
        QCOMPARE(test.workspace().selection().keys, std::optional(KeyRange{2, 5}));
        QVERIFY2(test.words().contains("mean of 3 keys"), qPrintable(test.words()));
        std::vector<double> expected(16, std::nan(""));
        std::vector<float> row(16);
        for (int query = 2; query < 16; ++query) {
            run->main().row({0, 0}, query, row);
            expected[static_cast<std::size_t>(query)] = (double(row[2]) + row[3] + row[4]) / 3;
        }
        compare(test.pane().values(), expected);
        QVERIFY(test.pane().values().startsWith("query\t"));
        auto& table = test.part<QTableView>();
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {},
                          table.visualRect(table.model()->index(3, 1)).center());
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{3, 4}));
        direct(test, 0);
    }

    void importanceIsTheAnalysis() {
        PaneWindow test("tokens", {360, 420});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        test.workspace().setHead({2, 1});
        direct(test, 2);
        compare(test.pane().values(), tokenImportance(run->main(), {.layers = {2}, .heads = {1}})->scores);
        auto& rolls = test.part<QCheckBox>();
        rolls.setChecked(true);
        QVERIFY(test.settle());
        compare(test.pane().values(),
                tokenImportance(run->main(), {.method = ImportanceMethod::rollout})->scores);
        test.workspace().setTokens(KeyRange{9, 10}, {});
        QVERIFY(test.settle());
        compare(test.pane().values(),
                tokenImportance(run->main(), {.method = ImportanceMethod::rollout, .query = 9})->scores);
        click(test.part<TokenStrip>(), 6);
        QCOMPARE(test.workspace().selection().keys, std::optional(KeyRange{6, 7}));
        rolls.setChecked(false);
        direct(test, 0);
        QVERIFY(!rolls.isVisible());
    }

    void filtersWordsAndOtherKinds() {
        PaneWindow test("tokens", {360, 420});
        auto hidden = std::make_shared<AttentionRun>(*patternRun(2, 4, 16));
        hidden->input.tokens[0].special = true;
        test.open(hidden);
        ViewSettings view;
        view.filters.hideSpecial = view.filters.renormalize = true;
        view.filters.combine = Combine::mean;
        for (const int direction : {2, 1, 0}) {
            test.workspace().setView(view);
            direct(test, direction);
            QVERIFY2(test.words().contains("renormalized"), qPrintable(test.words()));
            QVERIFY2(test.words().contains("mean of 4 heads"), qPrintable(test.words()));
            ViewSettings words;
            words.filters.words = true;
            test.workspace().setView(words);
            QVERIFY(test.settle());
            QCOMPARE(test.part<QTableView>().model()->rowCount(),
                     static_cast<int>(test.workspace().keyTexts().size()));
        }
        test.workspace().setView({});
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        auto& strip = test.part<TokenStrip>();
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 9);
        click(strip, 8);
        QCOMPARE(test.workspace().selection().keys, std::optional(KeyRange{8, 9}));
        QVERIFY(!test.workspace().selection().queries);
        direct(test, 1);
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 6);
        click(strip, 5);
        QCOMPARE(test.workspace().selection().queries, std::optional(KeyRange{5, 6}));
        direct(test, 0);
        test.open(patternRun(1, 1, 1));
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
    }

    void longTextsFoldAndOpen() {
        PaneWindow test("tokens", {360, 420});
        test.open(patternRun(2, 4, 4096));
        QVERIFY(test.settle(60'000));
        auto& strip = test.part<TokenStrip>();
        const int folded = strip.foldedTokens();
        QVERIFY(folded > 3000);
        test.picture("tokens-4096");
        QTest::mouseClick(strip.viewport(), Qt::LeftButton, {}, strip.foldAt(0).center());
        const int left = strip.foldedTokens();
        QVERIFY(left < folded);
        // What was opened stays open when other weights come.
        test.workspace().setTokens(KeyRange{4000, 4003}, {});
        QVERIFY(test.settle(60'000));
        QVERIFY(!strip.rectOf(100).isEmpty());
        QVERIFY2(test.words().contains("mean of 3 queries"), qPrintable(test.words()));
        direct(test, 1);
        direct(test, 2);
        test.picture("tokens-4096-importance");
        QTest::keyClick(&strip, Qt::Key_Return);
        direct(test, 0);
    }

    void picturesForAPerson() {
        ATTNVIZ_NEED_SHARED(kGpt2);
        ATTNVIZ_NEED_SHARED(kBert);
        for (const bool dark : {false, true})
            for (const char* file : {kGpt2, kBert}) {
                PaneWindow test("tokens", {360, 340}, dark ? ThemeChoice::dark : ThemeChoice::light);
                test.window().openFile(QString::fromStdString((attnviz::test::sharedDir() / file).string()));
                test.settle();
                test.show();
                test.workspace().setHead({2, 2});
                test.workspace().setTokens(dark ? KeyRange{5, 8} : KeyRange{5, 6}, {});
                test.workspace().setHovered(Cell{5, 4});
                const QString name = QString("tokens-%1-%2").arg(file == kGpt2 ? "gpt2" : "bert").arg(dark);
                test.picture(name);
                if (!dark && file == kGpt2) {  // the mock's row
                    for (const char* weight : {"0.1683", "0.0045", "0.0096", "0.0385", "0.6730", "0.1061"}) {
                        const auto& model = *test.part<QTableView>().model();
                        bool found = false;
                        for (int row = 0; row < 9; ++row)
                            found = found || model.index(row, 2).data().toString() == weight;
                        QVERIFY2(found, weight);
                    }
                }
                direct(test, 2);
                test.picture(name + "-importance");
                direct(test, 0);
            }
    }
};

QTEST_MAIN(TokensPaneTest)
#include "tokens_pane_test.moc"
