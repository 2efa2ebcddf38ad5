// One view and one selection for all panes: a table says of every pane which filters and which choices change
// what it shows, and why others don't; a pane that is not in the table fails. And the menus: every entry does
// something, every shortcut stands in one.
#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <QTableView>
#include <functional>
#include <numeric>
#include <random>

#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/state/file_controller.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

// What changes a pane: filters of weights; combined heads; the colours' scale, range and map.
enum Filter : unsigned { kWeights = 1, kCombine = 2, kLog = 4, kRange = 8, kColours = 16 };
constexpr unsigned kMap = kLog | kRange | kColours;
// And what is chosen: the shown head, others beside it, the head under the pointer, the cell under the
// pointer, a pinned cell, tokens of an edge.
enum Choice : unsigned {
    kHead = 1,
    kHeads = 2,
    kOverHead = 4,
    kOverCell = 8,
    kPin = 16,
    kQueries = 32,
    kKeys = 64
};
constexpr unsigned kCell = kOverCell | kPin;

struct Facts {
    unsigned filters = 0, shows = 0;
    // What keys choose in it, for all others.
    unsigned chooses = 0;
    const char* why = "";
};

const std::map<QString, Facts> kFacts{
    {"heads",
     {kWeights | kColours, kHead | kHeads | kOverHead, kHead,
      "heads stand apart, and colours are of scores, on a scale of their own"}},
    {"heatmap", {kWeights | kCombine | kMap, kHead | kCell | kQueries | kKeys, kCell, ""}},
    {"overview", {kWeights | kCombine | kMap, kHead | kCell, 0, "keys move the part that is shown"}},
    {"layers",
     {kWeights | kCombine | kMap, kHead | kCell, kHead, "a panel is of a layer, and mean of its heads"}},
    {"flow",
     {kWeights | kCombine, kHead | kCell | kQueries, kPin,
      "breadths are weights; a node has no key before it is chosen"}},
    {"clusters",
     {kWeights, kHead | kHeads | kOverHead, kHead | kOverHead, "heads stand apart; colours name clusters"}},
    {"comparison", {kWeights | kCombine | kMap, kHead | kCell, kCell, ""}},
    {"tokens",
     {kWeights | kCombine | kLog, kHead | kCell | kQueries | kKeys, kPin | kQueries | kKeys,
      "grounds go from nothing to the strongest token, in a colour of their own"}},
    {"statistics", {kWeights | kCombine, kHead | kHeads | kOverHead, kHead, "charts have axes, no colours"}},
    {"positional", {kWeights, kHead | kHeads | kOverHead, kHead, "heads stand apart; charts have axes"}},
    {"roles", {kWeights, kHead | kHeads, kHead, "heads stand apart; bars are scores"}},
    {"importance", {kWeights | kCombine, kOverCell | kKeys, kKeys, "of all heads, or of their combination"}},
    {"predictions", {0, kCell, 0, "what the model says at a position, not what it attends to"}},
    {"notes", {0, 0, 0, "a person's words"}}};

// Three layers of four heads over "<s> un|seen cap|tain …": the first token is special, and most of what most
// heads look at. No weight is 1, so that ranges differ.
std::shared_ptr<const AttentionRun> filterRun(unsigned seed) {
    constexpr int kTokens = 9;
    std::mt19937 random(seed);
    std::string text;
    for (int map = 0; map < 12; ++map) {
        for (int query = 0; query < kTokens; ++query) {
            std::vector<double> row;
            for (int key = 0; key < kTokens; ++key)
                row.push_back(key == 0 ? 16 : 0.1 + static_cast<double>(random() % 100) / 20);
            const double sum = std::accumulate(row.begin(), row.end(), 0.0);
            for (const double weight : row) text += std::to_string(weight / sum) + " ";
            text += '\n';
        }
        if (map < 11) text += map % 4 == 3 ? "=\n" : "-\n";
    }
    auto run = std::make_shared<AttentionRun>(*test::runFromText(text));
    run->input =
        test::tokensOf(kTokens, {"<s>", " un", "seen", " cap", "tain", " look", "ed", " sea", "ward"});
    run->input.tokens[0].special = true;
    run->input.tokens[0].begin = run->input.tokens[0].end = 0;
    for (int position = 0; position < kTokens; ++position)
        run->predictions.push_back({position, {{1, " p" + std::to_string(position), 0.75}}});
    return run;
}

struct Look {
    const char* name;
    unsigned filter;
    std::function<void(ViewSettings&)> apply;
};
const std::vector<Look> kLooks{
    {"specials hidden", kWeights, [](auto& view) { view.filters.hideSpecial = true; }},
    {"sinks hidden", kWeights, [](auto& view) { view.filters.hideSinks = true; }},
    {"renormalized", kWeights, [](auto& view) { view.filters.hideSinks = view.filters.renormalize = true; }},
    {"weights from 0.1", kWeights, [](auto& view) { view.filters.threshold = 0.1; }},
    {"top 2", kWeights,
     [](auto& view) { view.filters.thresholdKind = ThresholdKind::topK, view.filters.threshold = 2; }},
    {"mass 0.7", kWeights,
     [](auto& view) { view.filters.thresholdKind = ThresholdKind::mass, view.filters.threshold = 0.7; }},
    {"words", kWeights, [](auto& view) { view.filters.words = true; }},
    {"max of heads", kCombine, [](auto& view) { view.filters.combine = Combine::max; }},
    {"min of heads", kCombine, [](auto& view) { view.filters.combine = Combine::min; }},
    {"log", kLog, [](auto& view) { view.logarithmic = true; }},
    {"own range", kRange,
     [](auto& view) { view.range = RangeChoice::custom, view.low = 0, view.high = 0.1; }},
    {"head's range", kRange, [](auto& view) { view.range = RangeChoice::head; }},
    {"shared range", kRange, [](auto& view) { view.range = RangeChoice::shared; }},
    {"magma", kColours, [](auto& view) { view.colormap = "magma"; }}};

struct Chosen {
    const char* name;
    unsigned choice;
    std::function<void(Workspace&)> apply;
};
const std::vector<Chosen> kChoices{{"another head", kHead,
                                    [](auto& it) {
                                        it.setHead({1, 2});
                                    }},
                                   {"several heads", kHeads,
                                    [](auto& it) {
                                        it.setHeads({{0, 0}, {1, 1}}, {0, 0});
                                    }},
                                   {"a head under the pointer", kOverHead,
                                    [](auto& it) {
                                        it.setHoveredHead(HeadId{2, 3});
                                    }},
                                   {"a cell under the pointer", kOverCell,
                                    [](auto& it) {
                                        it.setHovered(Cell{5, 3});
                                    }},
                                   {"a pinned cell", kPin,
                                    [](auto& it) {
                                        it.setPinned(Cell{4, 2});
                                    }},
                                   {"queries", kQueries,
                                    [](auto& it) {
                                        it.setTokens(KeyRange{2, 5}, {});
                                    }},
                                   {"keys", kKeys, [](auto& it) {
                                        it.setTokens({}, KeyRange{2, 5});
                                    }}};

void clear(Workspace& workspace) {
    workspace.setView({});
    workspace.setHead({0, 0});
    workspace.setTokens({}, {});
    workspace.setPinned({});
    workspace.setHovered({});
    workspace.setHoveredHead({});
}

// Everything that is seen of a pane.
struct Shown {
    QString values;
    QImage picture, whole;
    explicit Shown(Pane& pane)
        : values(pane.values()),
          picture(pane.picture() ? pane.picture()->grab().toImage() : QImage()),
          whole(pane.grab().toImage()) {}
};

// Two documents, so that the comparison has something to compare.
bool open(MainWindow& window) {
    window.resize(1600, 1000);
    window.show();
    window.workspace().open(test::sessionOf(filterRun(1)));
    return test::show(window, filterRun(2));
}

Pane* raised(MainWindow& window, const QString& id) {
    if (auto* dock = window.findChild<QDockWidget*>(id)) {
        dock->show();
        dock->raise();
    }
    return test::paneOf(window, id);
}

// Those who hear of an action beside the menus and buttons that show it.
int listeners(const QAction& action) {
    struct Open : QAction {
        using QObject::receivers;
    };
    const auto& opened = static_cast<const Open&>(action);
    int shown = 0;
    for (auto* object : action.associatedObjects())
        if (qobject_cast<QMenu*>(object)) ++shown;
    return opened.receivers(SIGNAL(triggered(bool))) + opened.receivers(SIGNAL(toggled(bool))) - shown;
}

void everyEntry(const QMenu& menu, const std::function<void(QAction&)>& look) {
    for (auto* action : menu.actions()) {
        if (action->isSeparator()) continue;
        look(*action);
        if (action->menu()) everyEntry(*action->menu(), look);
    }
}

}  // namespace

class EveryFilterTest : public QObject {
    Q_OBJECT

    static void eachPane() {
        QTest::addColumn<QString>("id");
        for (const auto* pane : panes()) QTest::newRow(qPrintable(test::idOf(*pane))) << test::idOf(*pane);
    }

 private slots:
    void init() { QFile::remove(stateFile()); }

    void filtersChangeWhatTheyShould_data() { eachPane(); }
    void filtersChangeWhatTheyShould() {
        QFETCH(QString, id);
        QVERIFY2(kFacts.contains(id), "say in the table which filters change this pane");
        const Facts& facts = kFacts.at(id);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window));
        auto* pane = raised(window, id);
        clear(window.workspace());
        QVERIFY(test::settle(window));
        const Shown before(*pane);
        const QByteArray drawn =
            pane->picture() ? figureOf(*pane->picture(), FigureFormat::svg) : QByteArray();
        for (const auto& look : kLooks) {
            const QByteArray told = QByteArray(look.name) + ": " + facts.why;
            ViewSettings view;
            look.apply(view);
            window.workspace().setView(view);
            QVERIFY2(test::settle(window), told);
            const bool wanted = (facts.filters & look.filter) != 0;
            const bool weights = (look.filter & (kWeights | kCombine)) != 0;
            const Shown after(*pane);
            QVERIFY2((after.values != before.values) == (wanted && weights), told);
            QVERIFY2((after.picture != before.picture) == wanted, told);
            if (pane->picture())
                QVERIFY2((figureOf(*pane->picture(), FigureFormat::svg) != drawn) == wanted,
                         told + " (figure)");
            window.workspace().setView({});
            QVERIFY2(test::settle(window), told);
            const Shown again(*pane);
            QVERIFY2(again.values == before.values && again.picture == before.picture, told + " (and back)");
        }
    }

    void whatIsChosenIsSeen_data() { eachPane(); }
    void whatIsChosenIsSeen() {
        QFETCH(QString, id);
        const Facts& facts = kFacts.at(id);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window));
        auto* pane = raised(window, id);
        clear(window.workspace());
        QVERIFY(test::settle(window));
        const Shown before(*pane);
        for (const auto& [name, choice, apply] : kChoices) {
            apply(window.workspace());
            QVERIFY2(test::settle(window), name);
            QVERIFY2((Shown(*pane).whole != before.whole) == ((facts.shows & choice) != 0), name);
            clear(window.workspace());
            QVERIFY2(test::settle(window), name);
            QVERIFY2(Shown(*pane).whole == before.whole, name);
        }
    }

    // Together with the case above: what is chosen in a pane is seen in all that show such a choice.
    void keysChooseForAllOthers_data() { eachPane(); }
    void keysChooseForAllOthers() {
        QFETCH(QString, id);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window));
        auto& workspace = window.workspace();
        auto* pane = raised(window, id);
        QVERIFY(test::settle(window));
        unsigned chosen = 0;
        for (auto* widget : pane->findChildren<QWidget*>()) {
            const bool painted = QString(widget->metaObject()->className()).startsWith("attnviz::ui::");
            if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus)) continue;
            if (!painted && !qobject_cast<QTableView*>(widget)) continue;
            clear(workspace);
            QVERIFY(test::settle(window));
            widget->setFocus(Qt::TabFocusReason);
            for (const auto key : {Qt::Key_Down, Qt::Key_Right, Qt::Key_Down, Qt::Key_Return}) {
                QTest::keyClick(widget, key);
                QVERIFY(test::settle(window));
            }
            const auto& selection = workspace.selection();
            if (selection.head != HeadId{0, 0}) chosen |= kHead;
            if (workspace.hoveredHead()) chosen |= kOverHead;
            if (workspace.hovered()) chosen |= kOverCell;
            if (workspace.pinned()) chosen |= kPin;
            if (selection.queries) chosen |= kQueries;
            if (selection.keys) chosen |= kKeys;
        }
        QCOMPARE(chosen, kFacts.at(id).chooses);
    }

    void exportedRunsAreFiltered() {
        MainWindow window(test::quietSettings());
        QVERIFY(open(window));
        auto& workspace = window.workspace();
        FileController files;
        for (const auto& look : kLooks) {
            if (look.filter != kWeights) continue;
            ViewSettings view;
            look.apply(view);
            workspace.setView(view);
            QVERIFY(test::settle(window));
            FileController::ExportOrder order;
            order.session = std::make_shared<const Session>(workspace.session());
            order.filters = view.filters;
            order.layers = {0};
            order.heads = {0};
            order.exporter = exporterForName("run.csv", coreExporters());
            QVERIFY(order.exporter);
            files.exportTo(std::move(order), "run.csv");
            QTRY_VERIFY2(files.idle(), look.name);
            QFile file("run.csv");
            QVERIFY(file.open(QIODevice::ReadOnly));
            const QStringList lines = QString::fromUtf8(file.readAll()).split("\r\n", Qt::SkipEmptyParts);
            const auto& source = *workspace.headsSource();
            std::vector<float> row(static_cast<std::size_t>(source.info().keys));
            double whole = 0, written = 0;
            for (int query = 0; query < source.info().queries; ++query) {
                source.row({0, 0}, query, row);
                for (std::size_t key = 0; key < row.size(); ++key)
                    whole += row[key] * (1 + query) * (1 + static_cast<double>(key));
            }
            for (const auto& line : lines.mid(1))
                written += line.section(',', -1).toDouble() * (1 + line.section(',', 2, 2).toInt()) *
                           (1 + line.section(',', 3, 3).toInt());
            QVERIFY2(std::abs(whole - written) < 1e-4 * whole, look.name);
        }
    }

    void everyEntryOfTheMenusDoesSomething() {
        MainWindow window(test::quietSettings());
        QVERIFY(open(window));
        std::map<QString, QString> taken;
        QSet<QAction*> listed;
        for (auto* top : window.menuBar()->actions()) {
            QVERIFY(top->menu() && !top->menu()->actions().isEmpty());
            everyEntry(*top->menu(), [&](QAction& action) {
                listed << &action;
                if (action.menu()) return;
                QVERIFY2(!action.text().isEmpty(), "an entry without a name");
                QVERIFY2(!action.isEnabled() || listeners(action) > 0,
                         qPrintable(action.text() + " does nothing"));
                for (const auto& keys : action.shortcuts()) {
                    const auto [before, fresh] = taken.try_emplace(keys.toString(), action.text());
                    QVERIFY2(fresh, qPrintable(keys.toString() + " is of " + before->second + " and of " +
                                               action.text()));
                }
            });
        }
        // A shortcut that no menu shows is found by nobody.
        for (auto* action : window.findChildren<QAction*>())
            QVERIFY2(action->shortcut().isEmpty() || listed.contains(action), qPrintable(action->text()));
        for (auto* dock : window.findChildren<QDockWidget*>())
            QVERIFY2(listed.contains(dock->toggleViewAction()), qPrintable(dock->objectName()));
    }
};

QTEST_MAIN(EveryFilterTest)
#include "every_filter_test.moc"
