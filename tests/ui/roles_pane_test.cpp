// The role table on the real window: the scores of the analysis, sorted and filtered, and heads chosen both
// ways.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QTableView>

#include "core/analysis/head_roles.h"
#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"

using namespace attnviz;
using namespace attnviz::ui;
using attnviz::test::PaneWindow;
using attnviz::test::patternRun;

// A run that is under way: some layers are there.
class Begun final : public AttentionSource {
 public:
    Begun(std::shared_ptr<const AttentionSource> whole, int ready)
        : m_whole(std::move(whole)), m_ready(ready) {}
    const AttentionInfo& info() const override { return m_whole->info(); }
    int layersReady() const override { return m_ready; }
    const Overview& overview(HeadId head) const override { return m_whole->overview(head); }
    const HeadSummary& summary(HeadId head) const override { return m_whole->summary(head); }
    void row(HeadId head, int query, std::span<float> keys) const override {
        m_whole->row(head, query, keys);
    }

 private:
    std::shared_ptr<const AttentionSource> m_whole;
    int m_ready;
};

class RolesPaneTest : public QObject {
    Q_OBJECT

    static QString cell(QTableView& table, int row, int column) {
        return table.model()->index(row, column).data().toString();
    }
    static QStringList column(QTableView& table, int column) {
        QStringList out;
        for (int row = 0; row < table.model()->rowCount(); ++row) out << cell(table, row, column);
        return out;
    }

 private slots:
    void nothingOpenHasNothing() {
        PaneWindow test("roles", {360, 420});
        test.settle();
        QVERIFY(!test.pane().picture());
        QVERIFY(test.pane().values().isEmpty());
    }

    void headsAreNamedByWhatTheyDo() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(2, 4, 16));
        auto& table = test.part<QTableView>();
        table.sortByColumn(0, Qt::AscendingOrder);
        QCOMPARE(column(table, 0),
                 QStringList({"L0 H0", "L0 H1", "L0 H2", "L0 H3", "L1 H0", "L1 H1", "L1 H2", "L1 H3"}));
        QCOMPARE(column(table, 1).first(4),
                 QStringList({"previous token", "first token (sink)", "uniform", "itself"}));
        QVERIFY2(test.words().contains("8 of 8 have a role"), qPrintable(test.words()));
        QVERIFY2(test.words().contains("role above 0.50, else mixed"), qPrintable(test.words()));
    }

    void valuesAreTheAnalysis() {
        PaneWindow test("roles", {360, 420});
        const auto run = patternRun(2, 3, 12);
        test.open(run);
        test.part<QTableView>().sortByColumn(0, Qt::AscendingOrder);
        const auto roles = headRoles(*run, run->main());
        const QStringList lines = test.pane().values().split('\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 7);
        for (int i = 0; i < 6; ++i) {
            const auto& role = (*roles)[static_cast<std::size_t>(i)];
            const QStringList cells = lines[i + 1].split('\t');
            QCOMPARE(cells.size(), 3 + static_cast<int>(kHeadScores));
            QCOMPARE(cells[2], QString::fromStdString(std::string(role.role)));
            for (int score = 0; score < static_cast<int>(kHeadScores); ++score) {
                const double value = role.scores[static_cast<std::size_t>(score)];
                if (std::isnan(value))
                    QVERIFY(cells[3 + score].isEmpty());
                else
                    QVERIFY(std::abs(cells[3 + score].toDouble() - value) < 1e-8);
            }
        }
        QVERIFY(figureOf(*test.pane().picture(), FigureFormat::svg).contains("<text"));
    }

    void everyColumnSorts() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(3, 4, 16));
        auto& table = test.part<QTableView>();
        table.sortByColumn(2, Qt::DescendingOrder);
        QCOMPARE(cell(table, 0, 1), QString("previous token"));
        for (int row = 1; row < 12; ++row)
            QVERIFY(cell(table, row - 1, 2).toDouble() >= cell(table, row, 2).toDouble());
        table.sortByColumn(2, Qt::AscendingOrder);
        QCOMPARE(cell(table, 11, 1), QString("previous token"));
        table.sortByColumn(1, Qt::AscendingOrder);
        QCOMPARE(cell(table, 0, 1), QString("first token (sink)"));
        table.sortByColumn(0, Qt::DescendingOrder);
        QCOMPARE(cell(table, 0, 0), QString("L2 H3"));
    }

    void filterAndThreshold() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(3, 4, 16));
        auto& table = test.part<QTableView>();
        auto& filter = test.part<QComboBox>();
        const int uniform = filter.findText("uniform (3)");
        QVERIFY(uniform > 0);
        filter.setCurrentIndex(uniform);
        emit filter.activated(uniform);
        QCOMPARE(column(table, 1), QStringList({"uniform", "uniform", "uniform"}));
        test.workspace().setHead({0, 0});  // filtered out: nothing is selected, nothing breaks
        QVERIFY(test.settle());
        QVERIFY(!table.selectionModel()->hasSelection());
        filter.setCurrentIndex(0);
        emit filter.activated(0);
        auto& above = test.part<QDoubleSpinBox>();
        above.setValue(0.99);
        QVERIFY2(test.words().contains("3 of 12 have a role"), qPrintable(test.words()));
        QVERIFY2(test.words().contains("above 0.99"), qPrintable(test.words()));
        above.setValue(0.5);
        QVERIFY2(test.words().contains("12 of 12 have a role"), qPrintable(test.words()));
    }

    void headsAreChosenBothWays() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(3, 4, 16));
        auto& table = test.part<QTableView>();
        table.sortByColumn(0, Qt::AscendingOrder);
        const auto click = [&](int row, Qt::KeyboardModifiers keys = {}) {
            QTest::mouseClick(table.viewport(), Qt::LeftButton, keys,
                              table.visualRect(table.model()->index(row, 0)).center());
        };
        click(5);
        QCOMPARE(test.workspace().head(), (HeadId{1, 1}));
        click(7, Qt::ControlModifier);
        QCOMPARE(test.workspace().selection().heads, (std::vector<HeadId>{{1, 1}, {1, 3}}));
        QCOMPARE(test.workspace().head(), (HeadId{1, 3}));
        QTest::keyClick(&table, Qt::Key_Down);
        QCOMPARE(test.workspace().head(), (HeadId{2, 0}));
        QCOMPARE(test.workspace().selection().heads.size(), 1U);
        test.workspace().setHeads({{0, 1}, {0, 2}}, {0, 2});
        QVERIFY(test.settle());
        QList<int> rows;
        for (const auto& index : table.selectionModel()->selectedRows()) rows << index.row();
        std::ranges::sort(rows);
        QCOMPARE(rows, QList<int>({1, 2}));
        // Sorting keeps what is chosen.
        table.sortByColumn(0, Qt::DescendingOrder);
        QVERIFY(test.settle());
        QCOMPARE(test.workspace().head(), (HeadId{0, 2}));
        rows.clear();
        for (const auto& index : table.selectionModel()->selectedRows()) rows << index.row();
        std::ranges::sort(rows);
        QCOMPARE(rows, QList<int>({9, 10}));
    }

    void filtersWordsAndOtherKinds() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(2, 4, 16));
        ViewSettings view;
        view.filters.threshold = 0.1;
        view.filters.renormalize = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        view.filters = {};
        view.filters.words = true;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QVERIFY(test.pane().picture());
        view.filters = {};
        view.filters.combine = Combine::max;
        test.workspace().setView(view);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 8);
        test.workspace().setView({});
        test.open(attnviz::test::encoderDecoderRun(2, 4, 9, 6));
        test.workspace().setSourceIndex(2);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 8);
        QCOMPARE(cell(test.part<QTableView>(), 0, 2), QString("–"));  // no token before, across texts
    }

    void aRunUnderWayIsWaitedFor() {
        PaneWindow test("roles", {360, 420});
        const auto whole = patternRun(3, 4, 16);
        auto begun = std::make_shared<AttentionRun>(*whole);
        begun->sources = {std::make_shared<Begun>(whole->sources.front(), 1)};
        test.open(begun);
        const int id = test.workspace().document().id;
        test.workspace().setRunning(id, 0.4);
        test.workspace().advance(id, begun);
        QVERIFY(test.settle());
        QVERIFY2(test.words().contains("1 of 3 layers are there"), qPrintable(test.words()));
        QVERIFY(!test.pane().picture());
        // Stopped: what is there is judged, and the caption says how much that is.
        test.workspace().setRunning(id, -1);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 4);
        QVERIFY2(test.words().contains("1 of 3 layers"), qPrintable(test.words()));
        test.workspace().advance(id, whole);
        QVERIFY(test.settle());
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 12);
    }

    void longTextsAreJudgedAside() {
        PaneWindow test("roles", {360, 420});
        test.open(patternRun(2, 4, 4096));
        QVERIFY(test.settle(60'000));
        QCOMPARE(test.part<QTableView>().model()->rowCount(), 8);
    }

    void picturesForAPerson_data() {
        QTest::addColumn<QString>("file");
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("size");
        const QString gpt2 = "data/recorded/gpt2-quick-brown-fox/attention_data.json",
                      bert = "data/recorded/bert-sst2-dodrio/attention-0006.json";
        QTest::newRow("gpt2-light") << gpt2 << false << QSize(360, 460);
        QTest::newRow("bert-dark") << bert << true << QSize(360, 460);
        QTest::newRow("gpt2-dark-wide") << gpt2 << true << QSize(900, 300);
    }
    void picturesForAPerson() {
        QFETCH(QString, file);
        QFETCH(bool, dark);
        QFETCH(QSize, size);
        PaneWindow test("roles", size, dark ? ThemeChoice::dark : ThemeChoice::light);
        ATTNVIZ_NEED_SHARED(file.toStdString());
        test.window().openFile(
            QString::fromStdString((attnviz::test::sharedDir() / file.toStdString()).string()));
        test.settle();
        test.show();
        auto& table = test.part<QTableView>();
        QCOMPARE(table.model()->rowCount(), 144);
        test.workspace().setHead({4, 11});
        test.picture(QString("roles-%1").arg(QTest::currentDataTag()));
        table.sortByColumn(2, Qt::DescendingOrder);
        if (file.contains("gpt2")) {
            QCOMPARE(cell(table, 0, 0), QString("L4 H11"));  // the strongest previous-token head
            QCOMPARE(cell(table, 0, 2), QString("1.000"));
        }
    }
};

QTEST_MAIN(RolesPaneTest)
#include "roles_pane_test.moc"
