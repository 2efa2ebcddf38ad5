// The real window for tests: with runs made from text, and with the toy engine on a folder that has the
// sample model's tokenizer.
#pragma once

#include <QDockWidget>
#include <QFile>
#include <QtTest>

#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"
#include "tests/support/toy_engine.h"
#include "ui/dock_layout.h"
#include "ui/main_window.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/workspace.h"

namespace attnviz::test {

inline ui::WindowSettings quietSettings() {
    ui::WindowSettings settings;
    settings.theme = ui::ThemeChoice::light;
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

// Opens a run in a shown window and waits until all of it is there.
inline bool show(ui::MainWindow& window, std::shared_ptr<const AttentionRun> run, QSize size = {1600, 1000}) {
    window.resize(size);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window)) return false;
    window.workspace().open(sessionOf(std::move(run)));
    return QTest::qWaitFor([&] { return window.isIdle(); }, 20'000);
}

inline ui::Pane* paneOf(ui::MainWindow& window, const char* id) {
    if (auto* dock = window.findChild<QDockWidget*>(id)) return dock->findChild<ui::Pane*>();
    return nullptr;
}

}  // namespace attnviz::test
