// The real window for tests, offscreen: with runs made from text or patterns, with the toy engine on a folder
// that has the sample model's tokenizer, and one pane of it by itself.
#pragma once

#include <QAbstractButton>
#include <QComboBox>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QtTest>

#include "tests/support/attention_text.h"
#include "tests/support/made_attention.h"
#include "tests/support/shared_data.h"
#include "tests/support/toy_engine.h"
#include "ui/dock_layout.h"
#include "ui/main_window.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/workspace.h"
#include "ui/widgets/read_out.h"

namespace attnviz::test {

inline ui::WindowSettings quietSettings(ui::ThemeChoice theme = ui::ThemeChoice::light) {
    ui::WindowSettings settings;
    settings.theme = theme;
    settings.remember = false;
    return settings;
}

inline ui::WindowSettings toySettings() {
    static ToyEngine engine;
    ui::WindowSettings settings = quietSettings();
    settings.engine = []() -> Result<Engine*> { return &engine; };
    return settings;
}

// A folder for the toy engine, below the test's own.
inline QString toyFolder(int layers, int heads) {
    const std::filesystem::path folder = "toy-model";
    writeToyFolder(folder, JsonValue::object({{"n_layer", layers}, {"n_head", heads}}));
    QFile::copy(QString::fromStdString((sourceDir() / "resources/sample-model/tokenizer.json").string()),
                "toy-model/tokenizer.json");
    return QString::fromStdString(std::filesystem::absolute(folder).string());
}

inline Session sessionOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    return session;
}

// Until nothing is computed any more. A result that is delivered may ask for the next piece of work: idle for
// a moment is not enough.
inline bool settle(ui::MainWindow& window, int limitMs = 60'000) {
    int quiet = 0;
    return QTest::qWaitFor(
        [&] {
            quiet = window.isIdle() ? quiet + 1 : 0;
            return quiet > 3;
        },
        limitMs);
}

// Opens a run in a shown window and waits until all of it is there.
inline bool show(ui::MainWindow& window, std::shared_ptr<const AttentionRun> run, QSize size = {1600, 1000}) {
    window.resize(size);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window)) return false;
    window.workspace().open(sessionOf(std::move(run)));
    return settle(window);
}

inline QString idOf(const ui::PaneDescriptor& pane) {
    return QString::fromUtf8(pane.id.data(), static_cast<qsizetype>(pane.id.size()));
}

// Docked, or the one in the middle, which has no dock; null where the window has none.
inline ui::Pane* paneOf(ui::MainWindow& window, const QString& id) {
    if (auto* dock = window.findChild<QDockWidget*>(id)) return dock->findChild<ui::Pane*>();
    for (auto* pane : window.centralWidget()->findChildren<ui::Pane*>()) return pane;
    return nullptr;
}

// The pointer over a part of a widget, without a pointer: QTest::mouseMove needs a window system.
inline void movePointer(QWidget& widget, const QPointF& position, Qt::MouseButtons buttons = Qt::NoButton) {
    QMouseEvent event(QEvent::MouseMove, position, widget.mapToGlobal(position), Qt::NoButton, buttons, {});
    QCoreApplication::sendEvent(&widget, &event);
}

// The main window with one pane's dock floating at the given size; other docks as the layout has them.
class PaneWindow {
 public:
    explicit PaneWindow(const char* pane, QSize size = {440, 780},
                        ui::ThemeChoice theme = ui::ThemeChoice::light)
        : m_window(quietSettings(theme)), m_size(size) {
        m_window.resize(1280, 800);
        m_window.show();
        m_dock = m_window.findChild<QDockWidget*>(pane);
        if (!m_dock) qFatal("the window has no dock of that name");
        show();
    }
    // Opens a run and waits; returns its document.
    int open(std::shared_ptr<const AttentionRun> run) {
        workspace().open(sessionOf(std::move(run)));
        show();
        return workspace().document().id;
    }
    // Docks are hidden while nothing is open; the layout comes back with the first document.
    void show() {
        m_dock->setFloating(true);
        m_dock->show();
        m_dock->resize(m_size);
        settle();
    }
    bool settle(int limitMs = 60'000) { return test::settle(m_window, limitMs); }

    ui::MainWindow& window() { return m_window; }
    ui::Workspace& workspace() { return m_window.workspace(); }
    QDockWidget& dock() { return *m_dock; }
    ui::Pane& pane() { return part<ui::Pane>(); }

    template <class Widget>
    Widget& part() {
        auto* found = m_dock->findChild<Widget*>();
        if (!found) qFatal("the pane has no such part");
        return *found;
    }
    template <class Widget>
    Widget& named(const QString& accessible) {
        for (auto* child : m_dock->findChildren<Widget*>())
            if (child->accessibleName() == accessible) return *child;
        qFatal("the pane has no part of that name");
    }
    QComboBox& box(const QString& accessible) { return named<QComboBox>(accessible); }
    // Chooses an entry as a person does.
    void choose(QComboBox& box, int index) {
        box.setCurrentIndex(index);
        emit box.activated(index);
        settle();
    }
    void press(const QString& words) {
        for (auto* child : m_dock->findChildren<QAbstractButton*>())
            if (child->text() == words) {
                child->click();
                settle();
                return;
            }
        qFatal("the pane has no such button");
    }
    void move(QWidget& widget, const QPointF& position) {
        movePointer(widget, position);
        settle();
    }
    void click(QWidget& widget, const QPointF& position, Qt::KeyboardModifiers keys = {}) {
        QTest::mouseClick(&widget, Qt::LeftButton, keys, position.toPoint());
        settle();
    }

    // All words that are seen in the pane's labels.
    QString words() {
        QStringList all;
        for (auto* label : m_dock->findChildren<QLabel*>())
            if (label->isVisible()) all << label->text();
        return all.join('\n');
    }
    // The read-out's; empty where the pane has none.
    QString says() {
        for (auto* child : m_dock->findChildren<QWidget*>())
            if (auto* found = dynamic_cast<ui::ReadOut*>(child)) return found->text();
        return {};
    }
    // What stands instead of a picture.
    QString sentence() {
        if (pane().picture()) return {};
        for (auto* label : m_dock->findChildren<QLabel*>())
            if (label->isVisible() && label->text().endsWith('.')) return label->text();
        return {};
    }
    // For a person to look at.
    void picture(const QString& name) {
        settle();
        QCoreApplication::sendPostedEvents();
        m_dock->grab().save(name + ".png");
    }

 private:
    ui::MainWindow m_window;
    QSize m_size;
    QDockWidget* m_dock = nullptr;
};

}  // namespace attnviz::test
