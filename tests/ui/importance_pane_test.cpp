// The ranking of tokens on the real window: the scores of the analysis, the token chosen for all panes.
#include <QComboBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>

#include "core/analysis/importance.h"
#include "tests/ui/window_case.h"
#include "ui/widgets/segments.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

class ImportancePaneTest : public QObject {
    Q_OBJECT

    static void compare(const QString& values, const TokenImportance& found) {
        const QStringList lines = values.split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), static_cast<qsizetype>(found.scores.size()) + 1);
        for (std::size_t place = 0; place < found.ranking.size(); ++place) {
            const QStringList cells = lines[static_cast<qsizetype>(place) + 1].split('\t');
            QCOMPARE(cells[0].toInt(), static_cast<int>(place) + 1);
            QCOMPARE(cells[1].toInt(), found.ranking[place]);
            QVERIFY(std::abs(cells[3].toDouble() -
                             found.scores[static_cast<std::size_t>(found.ranking[place])]) < 1e-8);
        }
    }

 private slots:
    void scoresAreTheAnalysis() {
        PaneWindow test("importance", {360, 420});
        const auto run = patternRun(3, 4, 16);
        test.open(run);
        compare(test.pane().values(), *tokenImportance(run->main()));
        test.part<Segments>().button(1)->click();
        QVERIFY(test.settle());
        compare(test.pane().values(), *tokenImportance(run->main(), {.method = ImportanceMethod::rollout}));
        QVERIFY2(test.words().contains("of query 15"), qPrintable(test.words()));
        test.part<Segments>().button(0)->click();
        test.workspace().setHead({1, 0});
        test.part<QComboBox>().setCurrentIndex(1);
        QVERIFY(test.settle());
        compare(test.pane().values(), *tokenImportance(run->main(), {.layers = {1}}));
        QVERIFY2(test.words().contains("layer 1"), qPrintable(test.words()));
        test.workspace().setHead({2, 0});
        QVERIFY(test.settle());
        compare(test.pane().values(), *tokenImportance(run->main(), {.layers = {2}}));
        test.part<QComboBox>().setCurrentIndex(0);
        QVERIFY(test.settle());
    }

    void tokensAreChosenBothWays() {
        PaneWindow test("importance", {360, 420});
        test.open(patternRun(3, 4, 16));
        auto& table = test.part<QTableView>();
        const auto index = table.model()->index(3, 0);
        const int key = table.model()->index(3, 1).data().toInt();
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(index).center());
        QVERIFY(test.workspace().selection().keys);
        QCOMPARE(test.workspace().selection().keys->begin, key);
        QCOMPARE(test.workspace().selection().keys->size(), 1);
        QTest::keyClick(&table, Qt::Key_Down);
        QCOMPARE(test.workspace().selection().keys->begin, table.model()->index(4, 1).data().toInt());
        test.workspace().setTokens({}, KeyRange{9, 10});
        QVERIFY(test.settle());
        QCOMPARE(table.selectionModel()->selectedRows().size(), 1);
        QCOMPARE(table.model()->index(table.selectionModel()->selectedRows().first().row(), 1).data().toInt(),
                 9);
        table.sortByColumn(1, Qt::DescendingOrder);
        QCOMPARE(table.model()->index(0, 1).data().toInt(), 15);
    }

    void filtersWordsAndOtherKinds() {
        PaneWindow test("importance", {360, 420});
        test.open(patternRun(2, 4, 16));
        const QString before = test.pane().values();
        ViewSettings view;
        view.filters.threshold = 0.1;
        view.filters.renormalize = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().values() != before);
        view.filters = {};
        view.filters.words = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(),
                 static_cast<int>(test.workspace().keyTexts().size()));
        test.workspace().setView({});
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 9);
        test.part<Segments>().button(1)->click();
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("Cross attention has incoming shares alone"),
                 qPrintable(test.words()));
        test.part<Segments>().button(0)->click();
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 9);
    }

    void hostileTokensStayPlainText() {
        PaneWindow test("importance", {360, 420});
        auto run = std::make_shared<AttentionRun>(*patternRun(1, 3, 5));
        const char* const tokens[] = {"<s><b>&amp;", "\t%1\n", "مرحبا", "中文", "👩‍👩‍👧"};
        for (std::size_t i = 0; i < 5; ++i) run->input.tokens[i].text = tokens[i];
        test.open(run);
        const QStringList lines = test.pane().values().split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 6);
        for (const auto& line : lines) QCOMPARE(line.count('\t'), 3);
    }

    void longTextsAreRankedAside() {
        PaneWindow test("importance", {360, 420});
        test.open(patternRun(2, 4, 4096));
        QVERIFY(test.settle(60'000));
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 4096);
        test.part<Segments>().button(1)->click();
        QVERIFY(test.settle(60'000));
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 4096);
        test.part<Segments>().button(0)->click();
        QVERIFY(test.settle(60'000));
    }

    void picturesForAPerson() {
        const std::string file = "data/recorded/gpt2-quick-brown-fox/attention_data.json";
        ATTNVIZ_NEED_SHARED(file);
        for (const bool dark : {false, true}) {
            PaneWindow test("importance", {360, 340}, dark ? ThemeChoice::dark : ThemeChoice::light);
            test.window().openFile(QString::fromStdString((attnviz::test::sharedDir() / file).string()));
            test.settle();
            test.show();
            test.workspace().setTokens({}, KeyRange{4, 5});
            test.part<Segments>().button(dark ? 1 : 0)->click();
            test.picture(dark ? "importance-dark" : "importance-light");
            QCOMPARE(test.part<QTableView>().model()->rowCount(), 9);
            if (dark)  // the recorded rollout of the last token, metrics.md 12
                QCOMPARE(test.part<QTableView>().model()->index(0, 3).data().toString(), QString("0.9907"));
            test.part<Segments>().button(0)->click();
            QVERIFY(test.settle());
        }
    }
};

QTEST_MAIN(ImportancePaneTest)
#include "importance_pane_test.moc"
