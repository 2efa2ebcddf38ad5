// The window: prompt bar, view bar, panes as docks, menus, banners, status bar, welcome page. Joins the
// controllers to the workspace; panes follow the workspace by themselves.
//
// Never blocks: models, files and tiles are asked for on other threads. `isIdle` says that nothing is
// loading, running, opening, saving or being painted from a tile that is still to come; becameIdle() says
// when.
#pragma once

#include <QMainWindow>
#include <memory>
#include <optional>

#include "ui/state/run_controller.h"
#include "ui/theme/appearance.h"

class QLabel;
class QMenu;
class QStackedWidget;
class QTabBar;
class QTimer;

namespace attnviz::ui {

class Banners;
class CachedModels;
class DockLayout;
class FileController;
class PromptBar;
class ViewBar;
class WelcomePage;
class Workspace;
struct ViewSettings;

struct WindowSettings {
    std::optional<ThemeChoice> theme;      // else the remembered one
    RunController::EngineProvider engine;  // else core's loadEngine
    RunSettings run;       // how models are loaded and texts run; its texts are the first document's
    bool remember = true;  // geometry, layout and view of the last time
};

class MainWindow final : public QMainWindow {
    Q_OBJECT
 public:
    explicit MainWindow(WindowSettings settings = {});
    ~MainWindow() override;

    // A folder, a file inside one, or "sample". The text in the prompt, where there is one, runs then.
    // If it is a TorchScript module, `allowCode` says that a person trusts it; else they are asked.
    void openModel(const RunController::ModelWish& wish);
    void openModel(const QString& name) { openModel(RunController::ModelWish{name, {}, false}); }
    void openSample();
    // Whatever it is: a model folder, a session, a foreign file with attention, a text.
    // `asModel` says how, if it is a model.
    void openFile(const QString& path, RunController::ModelWish asModel = {});
    void setText(const QString& text);               // alone: without a second one or a target
    void run();                                      // the current document's text
    void continueRun(const Generation& generation);  // and what the model writes after it
    void stop();  // the current document's run, and what is being loaded, opened or written
    void stopAll();

    bool isIdle() const;
    bool onlyEngineWorks() const;  // what is left is a run, and no file is being read or written
    Workspace& workspace() { return *m_workspace; }
    DockLayout& docks() { return *m_docks; }

 signals:
    void becameIdle();

 protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

 private:
    void connectControllers();
    void connectRuns();
    void showRun();
    void showState();
    void showStatus();
    void showModel();
    void showDocuments();  // main_window_documents.cpp
    void closeDocument(int id);
    RunController::Order order(const Generation& generation = {}) const;
    void takeTexts();
    void showTexts();
    void showTokenCount(const AttentionRun& run);
    void takeRun(int document, const std::shared_ptr<const AttentionRun>& run);
    void fail(const Error& error);
    void notice(const QString& sentence);
    void watchIdle();
    void restore();

    // main_window_menus.cpp
    void makeMenus();
    void makeModelMenu();
    void fillRecent();
    void askModel();
    void askCode(const RunController::ModelWish& wish);
    void askFile();
    void askText();
    void openText(const QString& path);
    void save(bool askName);
    void exportRun();
    void showAbout();

    WindowSettings m_settings;
    Workspace* m_workspace;
    RunController* m_runs;
    FileController* m_files;
    CachedModels* m_cached;
    PromptBar* m_prompt;
    ViewBar* m_viewBar;
    Banners* m_banners;
    WelcomePage* m_welcome;
    QStackedWidget* m_centre;
    QTabBar* m_tabs;
    std::unique_ptr<DockLayout> m_docks;
    QMenu *m_recentMenu = nullptr, *m_modelMenu = nullptr;
    QLabel *m_stateLabel, *m_runLabel, *m_storageLabel, *m_noticeLabel;
    QTimer* m_idleTimer;
    int m_shownDocument = 0;  // whose text the prompt shows
    QAction *m_reopenAction = nullptr, *m_saveAction = nullptr, *m_saveAsAction = nullptr,
            *m_exportAction = nullptr, *m_stopAction = nullptr, *m_runAction = nullptr,
            *m_closeModelAction = nullptr, *m_continueAction = nullptr;
    int m_quietTicks = 0;
    bool m_wasIdle = false;
};

}  // namespace attnviz::ui
