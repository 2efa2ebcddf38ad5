// What is true of every pane of the table, a new one's too: it opens and closes, floats and tabs, says what
// it is to a screen reader, is reached and left by the keyboard, shows something or says why not for any
// text, and can be copied.
#include <QAccessible>
#include <QAction>
#include <QButtonGroup>
#include <QImage>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QXmlStreamReader>

#include "tests/ui/window_case.h"
#include "ui/exporting/widget_figure.h"
#include "ui/state/file_controller.h"
#include "ui/theme/palette.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

using Runs = std::vector<std::shared_ptr<const AttentionRun>>;

// Predictions at every position, so that their pane has something to show.
std::shared_ptr<const AttentionRun> predicted(const std::shared_ptr<const AttentionRun>& from) {
    auto run = std::make_shared<AttentionRun>(*from);
    for (int position = 0; position < run->main().info().queries; ++position)
        run->predictions.push_back({position, {{1, " <b>&amp;", 0.75}, {2, "\xE2\x80\xAE", 0.25}}});
    return run;
}

const std::vector<std::string> kHostile{"مرحبا",           " بالعالم", "你好",     "世界", "👩\u200D💻",
                                        "👨\u200D👩\u200D👧", "<s>",      "<b>&amp;", "</b>", "\u202Eabc"};

// All texts that the panes must stand: by name, the documents to open, the last of them current.
std::map<QString, Runs> texts() {
    return {
        {"nothing", {}},
        {"one token", {predicted(test::randomRun(2, 3, 1))}},
        {"five tokens", {predicted(test::randomRun(2, 3, 5)), predicted(test::randomRun(2, 3, 5, true, 2))}},
        {"4096 tokens", {test::patternRun(2, 3, 4096), test::patternRun(2, 3, 4096)}},
        {"many writings",
         {predicted(test::withTokens(*test::randomRun(2, 3, 10), kHostile)),
          predicted(test::withTokens(*test::randomRun(2, 3, 10, true, 2), kHostile))}},
        {"a pair", {test::sentencePairRun(2, 3), test::sentencePairRun(2, 3)}},
        {"two sides",
         {predicted(test::encoderDecoderRun(2, 3, 9, 6)), predicted(test::encoderDecoderRun(2, 3, 9, 6))}}};
}

// A pane in the window, docked or in the middle, brought to the front.
Pane* raised(MainWindow& window, const PaneDescriptor& pane) {
    if (auto* dock = window.findChild<QDockWidget*>(test::idOf(pane))) {
        dock->show();
        dock->raise();
    }
    return test::paneOf(window, test::idOf(pane));
}

bool open(MainWindow& window, const Runs& runs, QSize size = {1600, 1000}) {
    window.resize(size);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window)) return false;
    if (runs.empty()) window.workspace().addDocument();  // a second empty one: docks stay
    for (const auto& run : runs) window.workspace().open(test::sessionOf(run));
    return test::settle(window);
}

// A widget that paints what it shows by itself, and is no control that Qt describes.
bool paintsItself(const QWidget& widget) {
    const QString type = widget.metaObject()->className();
    static const QStringList kControls{"attnviz::ui::IndexField", "attnviz::ui::PromptBar"};
    return widget.focusPolicy() & Qt::TabFocus && type.startsWith("attnviz::ui::") &&
           !kControls.contains(type);
}

// Whether Tab should come to it.
bool isStop(const QWidget& widget) {
    if (!widget.isVisible() || !widget.isEnabled() || !(widget.focusPolicy() & Qt::TabFocus)) return false;
    if (widget.focusProxy()) return false;
    // Of buttons that exclude each other the chosen one is reached; arrows go on from it.
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget))
        if (button->group() && button->group()->exclusive() && button->group()->checkedButton())
            return button->isChecked();
    // The line of a spin box or of a box with a field is the box itself.
    const auto* parent = widget.parentWidget();
    return !qobject_cast<const QAbstractSpinBox*>(parent) && !qobject_cast<const QComboBox*>(parent) &&
           !qobject_cast<const QTabBar*>(&widget) && !qobject_cast<const QMenuBar*>(&widget);
}

QString nameOf(const QWidget& widget) {
    QString name = widget.metaObject()->className();
    for (const auto& more : {widget.accessibleName(), widget.objectName()})
        if (!more.isEmpty()) name += " '" + more + "'";
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget)) name += " " + button->text();
    for (const auto* at = &widget; at; at = at->parentWidget())
        if (const auto* dock = qobject_cast<const QDockWidget*>(at)) name += " in " + dock->objectName();
    return name;
}

// Or below the edge of a pane that scrolls: it is scrolled to when the keyboard comes.
bool inSight(const QWidget& widget) {
    QRect place = widget.rect();
    for (const auto* at = &widget; !at->isWindow(); at = at->parentWidget()) {
        if (qobject_cast<const QScrollArea*>(at)) return true;
        place = place.translated(at->pos()).intersected(at->parentWidget()->rect());
    }
    return !place.isEmpty();
}

QString accessible(QWidget& widget, QAccessible::Text text) {
    auto* found = QAccessible::queryAccessibleInterface(&widget);
    return found ? found->text(text) : QString();
}

bool isBlank(const QImage& image) {
    for (int y = 1; y < image.height() - 1; ++y)
        for (int x = 1; x < image.width() - 1; ++x)
            if (image.pixel(x, y) != image.pixel(1, 1)) return false;
    return true;
}

QString sentenceOf(const Pane& pane) {
    for (auto* label : pane.findChildren<QLabel*>())
        if (label->isVisible() && label->text().endsWith('.')) return label->text();
    return {};
}

int accentPixels(const QImage& image) {
    const QRgb accent = ui::palette().accent.rgb();
    int count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (image.pixel(x, y) == accent) ++count;
    return count;
}

}  // namespace

class EveryPaneTest : public QObject {
    Q_OBJECT

    static void eachPane() {
        QTest::addColumn<QString>("id");
        for (const auto* pane : panes()) QTest::newRow(qPrintable(test::idOf(*pane))) << test::idOf(*pane);
    }
    static const PaneDescriptor& pane(const QString& id) {
        for (const auto* pane : panes())
            if (test::idOf(*pane) == id) return *pane;
        qFatal("no such pane");
    }

 private slots:
    void init() { QFile::remove(stateFile()); }

    void opensClosesFloatsAndTabs() {
        MainWindow window(test::quietSettings());
        QVERIFY(open(window, {test::randomRun(3, 4, 9)}));
        auto* beside = window.findChild<QDockWidget*>("heads");
        for (const auto* pane : panes()) {
            if (pane->place == PanePlace::centre) continue;
            const QString id = test::idOf(*pane);
            const QByteArray told = id.toUtf8();
            auto* dock = window.findChild<QDockWidget*>(id);
            QVERIFY2(dock, told);
            auto* toggle = dock->toggleViewAction();
            QVERIFY2(!toggle->associatedObjects().isEmpty(), "every pane has its entry in the View menu");
            if (dock->isHidden()) toggle->trigger();
            dock->raise();
            QVERIFY2(test::settle(window), told);
            QVERIFY2(!dock->isHidden(), told);
            dock->setFloating(true);
            QVERIFY2(test::settle(window), told);
            QVERIFY2(dock->isFloating() && dock->isVisible(), told);
            dock->setFloating(false);
            if (dock != beside) {
                window.tabifyDockWidget(beside, dock);
                dock->raise();
                QVERIFY2(test::settle(window), told);
                QVERIFY2(window.tabifiedDockWidgets(beside).contains(dock), told);
                QVERIFY2(!dock->visibleRegion().isEmpty(), told);
                beside->raise();
                QTRY_VERIFY2(dock->visibleRegion().isEmpty(), told);
            }
            toggle->trigger();
            QVERIFY2(dock->isHidden(), told);
            toggle->trigger();
            QVERIFY2(test::settle(window), told);
            QVERIFY2(!dock->isHidden(), told);
        }
    }

    // Qt moves docks that stand behind a tab out of sight and calls them visible.
    void restsBehindATabAndCatchesUp() {
        MainWindow window(test::quietSettings());
        QVERIFY(open(window, texts().at("five tokens")));
        auto* front = window.findChild<QDockWidget*>("layers");
        auto* behind = test::paneOf(window, "flow");
        QVERIFY(window.tabifiedDockWidgets(front).contains(window.findChild<QDockWidget*>("flow")));
        front->raise();
        QVERIFY(test::settle(window));
        QVERIFY(!behind->picture());
        raised(window, pane("flow"));
        QVERIFY(test::settle(window));
        QVERIFY(behind->picture());
        const QString before = behind->values();
        front->raise();
        QVERIFY(test::settle(window));
        ViewSettings view = window.workspace().view();
        view.filters.combine = Combine::max;
        window.workspace().setView(view);
        QVERIFY(test::settle(window));
        QCOMPARE(behind->values(), before);
        raised(window, pane("flow"));
        QVERIFY(test::settle(window));
        QVERIFY(behind->values() != before);
    }

    void aScreenReaderIsToldWhatItIs_data() { eachPane(); }
    void aScreenReaderIsToldWhatItIs() {
        QFETCH(QString, id);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window, texts().at("five tokens")));
        auto* shown = raised(window, pane(id));
        QVERIFY(test::settle(window));
        QCOMPARE(accessible(*shown, QAccessible::Name), QString(pane(id).title));
        QCOMPARE(accessible(*shown, QAccessible::Description), QString(pane(id).accessible));
        QCOMPARE(QAccessible::queryAccessibleInterface(shown)->role(), QAccessible::Pane);
        for (auto* widget : shown->findChildren<QWidget*>()) {
            if (!isStop(*widget)) continue;
            const QString who = nameOf(*widget);
            auto* told = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(told, qPrintable(who));
            QVERIFY2(!told->text(QAccessible::Name).isEmpty(), qPrintable(who + " has no name"));
            QVERIFY2(told->role() != QAccessible::NoRole && told->role() != QAccessible::Client,
                     qPrintable(who + " has no role"));
            if (!paintsItself(*widget)) continue;
            // The value is of what is chosen, and follows the keys.
            widget->setFocus(Qt::TabFocusReason);
            QSet<QString> values{accessible(*widget, QAccessible::Value)};
            QVERIFY2(!values.contains(QString()), qPrintable(who + " has no value"));
            for (const auto key : {Qt::Key_Right, Qt::Key_Down, Qt::Key_Left, Qt::Key_Up}) {
                QTest::keyClick(widget, key);
                QVERIFY(test::settle(window));
                values << accessible(*widget, QAccessible::Value);
            }
            // The part of a map that fits is all of it, and arrows have nowhere to go.
            if (widget->metaObject()->className() != QString("attnviz::ui::Minimap"))
                QVERIFY2(values.size() > 1, qPrintable(who + " always says " + *values.begin()));
        }
    }

    void tabReachesEveryControlAndGoesOn_data() {
        QTest::addColumn<QString>("layout");
        for (const auto* name : {"default", "clusters", "long", "compare"}) QTest::newRow(name) << name;
    }
    void tabReachesEveryControlAndGoesOn() {
        QFETCH(QString, layout);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window, texts().at("five tokens")));
        window.findChild<DockLayout*>()->apply(layout.toStdString());
        QVERIFY(test::settle(window));
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QSet<QWidget*> expected;
        for (auto* widget : window.findChildren<QWidget*>())
            if (widget->window() == &window && isStop(*widget)) {
                QVERIFY2(inSight(*widget), qPrintable(nameOf(*widget) + " cannot be seen"));
                expected << widget;
            }
        QVERIFY(expected.size() > 20);
        QSet<QWidget*> reached;
        auto* first = window.findChild<QWidget*>("prompt");
        if (!first) first = *expected.begin();
        first->setFocus(Qt::TabFocusReason);
        for (qsizetype step = 0; step < 3 * expected.size(); ++step) {
            auto* now = QApplication::focusWidget();
            QVERIFY2(now, "the keyboard is nowhere");
            if (reached.contains(now) && now == first) break;
            reached << now;
            QTest::keyClick(now, Qt::Key_Tab);
            QVERIFY2(QApplication::focusWidget() != now, qPrintable(nameOf(*now) + " keeps the keyboard"));
        }
        QStringList missed;
        for (auto* widget : expected - reached) missed << nameOf(*widget);
        missed.sort();
        QVERIFY2(missed.isEmpty(), qPrintable("not reached: " + missed.join("; ")));
    }

    void theKeyboardIsSeenWhereItIs_data() { eachPane(); }
    void theKeyboardIsSeenWhereItIs() {
        QFETCH(QString, id);
        MainWindow window(test::quietSettings());
        QVERIFY(open(window, texts().at("five tokens")));
        auto* shown = raised(window, pane(id));
        QVERIFY(test::settle(window));
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        for (auto* widget : shown->findChildren<QWidget*>()) {
            if (!isStop(*widget)) continue;
            window.setFocus(Qt::OtherFocusReason);
            QVERIFY(test::settle(window));
            const QImage before = shown->grab().toImage();
            widget->setFocus(Qt::TabFocusReason);
            QVERIFY(test::settle(window));
            const QImage after = shown->grab().toImage();
            QVERIFY2(accentPixels(after) > accentPixels(before),
                     qPrintable(nameOf(*widget) + " has no ring"));
        }
    }

    void showsSomethingOrSaysWhyNot_data() {
        QTest::addColumn<QString>("text");
        for (const auto& [name, runs] : texts()) QTest::newRow(qPrintable(name)) << name;
    }
    void showsSomethingOrSaysWhyNot() {
        QFETCH(QString, text);
        MainWindow window(test::quietSettings());
        const auto runs = texts().at(text);
        QVERIFY(open(window, runs, {1280, 800}));
        const int sources = runs.empty() ? 1 : static_cast<int>(runs.back()->sources.size());
        for (int source = 0; source < sources; ++source) {
            if (!runs.empty()) window.workspace().setSourceIndex(source);
            for (const auto* each : panes()) {
                auto* shown = raised(window, *each);
                const QByteArray told =
                    (test::idOf(*each) + " of source " + QString::number(source)).toUtf8();
                QVERIFY2(test::settle(window, 120'000), told);
                if (!shown->picture() && shown->values().isEmpty()) {
                    const QString sentence = sentenceOf(*shown);
                    const bool words = test::idOf(*each) == "notes" && !runs.empty();
                    QVERIFY2(words || !sentence.isEmpty(), told + " is empty and does not say why");
                }
                if (auto* picture = shown->picture()) {
                    QVERIFY2(!isBlank(picture->grab().toImage()), told);
                    // More values than fit a clipboard are refused with a sentence.
                    QSignalSpy noticed(&window.workspace(), &Workspace::noticed);
                    QVERIFY2(!shown->values().isEmpty() || !noticed.isEmpty(),
                             told + " has a picture and no values");
                }
                for (auto* label : shown->findChildren<QLabel*>())
                    QVERIFY2(label->textFormat() == Qt::PlainText || !Qt::mightBeRichText(label->text()),
                             told + qPrintable(label->text()));
                for (auto* table : shown->findChildren<QTableView*>())
                    for (int row = 0; table->model() && row < std::min(20, table->model()->rowCount()); ++row)
                        for (int column = 0; column < table->model()->columnCount(); ++column) {
                            const auto tip = table->model()->index(row, column).data(Qt::ToolTipRole);
                            QVERIFY2(!tip.toString().contains("<b>&amp;"), told);
                        }
            }
        }
    }

    void isCopiedAndExportedAsItIsSeen_data() { eachPane(); }
    void isCopiedAndExportedAsItIsSeen() {
        QFETCH(QString, id);
        for (const auto theme : {ThemeChoice::light, ThemeChoice::dark}) {
            MainWindow window(test::quietSettings(theme));
            QVERIFY(open(window, texts().at("many writings")));
            auto* shown = raised(window, pane(id));
            QVERIFY(test::settle(window));
            if (id == "notes") QTest::keyClicks(shown->findChild<QPlainTextEdit*>(), "what I see");
            const QString values = shown->values();
            QVERIFY2(!values.isEmpty(), "no values");
            if (id == "notes") return;  // words: there is no figure of them
            auto* picture = shown->picture();
            QVERIFY(picture);
            // As many columns in each line as its table has: blank lines stand between tables.
            for (const auto& table : values.split("\n\n", Qt::SkipEmptyParts)) {
                const QStringList lines = table.split('\n', Qt::SkipEmptyParts);
                for (const auto& line : lines)
                    QVERIFY2(line.count('\t') == lines.first().count('\t'), qPrintable(line));
            }
            const QImage png = QImage::fromData(figureOf(*picture, FigureFormat::png), "PNG");
            QCOMPARE(png.size(), picture->size() * 2);
            QVERIFY(!isBlank(png));
            QCOMPARE(png.pixelColor(0, png.height() - 1), ui::palette().panel);
            const QByteArray svg = figureOf(*picture, FigureFormat::svg);
            QXmlStreamReader reader(svg);
            int texts = 0;
            while (!reader.atEnd())
                if (reader.readNext() == QXmlStreamReader::StartElement)
                    texts += reader.name() == QStringLiteral("text") ? 1 : 0;
            QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
            QVERIFY2(texts > 0 || id == "overview", "the drawing has no real text");
            const QByteArray pdf = figureOf(*picture, FigureFormat::pdf);
            QVERIFY(pdf.startsWith("%PDF") && !pdf.contains("DCTDecode") && !pdf.contains("/Type3"));
        }
    }

    // For a person to look at, at any QT_SCALE_FACTOR: pane-ID-THEME-WIDTH.png.
    void picturesOfEachPane_data() { eachPane(); }
    void picturesOfEachPane() {
        QFETCH(QString, id);
        if (pane(id).place == PanePlace::centre) return;
        for (const auto theme : {ThemeChoice::light, ThemeChoice::dark}) {
            test::PaneWindow window(id.toUtf8(), {300, 380}, theme);
            for (const unsigned seed : {1U, 2U})
                window.open(predicted(test::withTokens(
                    *test::randomRun(6, 8, 24, true, seed),
                    {"The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", ","})));
            window.workspace().setHead({2, 4});
            window.workspace().setPinned(Cell{12, 5});
            window.workspace().setHoveredHead(HeadId{3, 1});
            for (const QSize size : {QSize(300, 380), QSize(760, 240)}) {
                window.dock().resize(size);
                const QString name = QString("pane-%1-%2-%3")
                                         .arg(id, theme == ThemeChoice::dark ? "dark" : "light")
                                         .arg(size.width());
                window.picture(name);
                QVERIFY(QFile::exists(name + ".png"));
            }
        }
    }
};

QTEST_MAIN(EveryPaneTest)
#include "every_pane_test.moc"
