#include "ui/main_window.h"

#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QGuiApplication>
#include <QLabel>
#include <QLayout>
#include <QMimeData>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QTabBar>
#include <QTimer>
#include <QToolBar>
#include <QVBoxLayout>

#include "core/base/readable.h"
#include "core/model/engine_loader.h"
#include "ui/dock_layout.h"
#include "ui/panes/pane.h"
#include "ui/state/cached_models.h"
#include "ui/state/file_controller.h"
#include "ui/state/tile_requests.h"
#include "ui/state/workspace.h"
#include "ui/theme/icons.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/prompt_bar.h"
#include "ui/widgets/view_bar.h"
#include "ui/widgets/welcome_page.h"

namespace attnviz::ui {
namespace {

constexpr int kIdleTickMs = 15;
// The second half repeats what the first has, so that an induction head has something to find.
constexpr const char* kSampleText =
    "The captain called his ship the Silver Heron. Every morning the Silver Heron left the harbour, and "
    "every "
    "evening the captain came home.";

QToolBar* barOf(QWidget* content, const char* name, QMainWindow& window) {
    auto* bar = new QToolBar(&window);
    bar->setObjectName(name);
    bar->setMovable(false);
    bar->setFloatable(false);
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    bar->toggleViewAction()->setVisible(false);
    bar->layout()->setContentsMargins(0, 0, 0, 0);
    bar->layout()->setSpacing(0);
    content->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    bar->addWidget(content);
    return bar;
}

}  // namespace

MainWindow::MainWindow(WindowSettings settings)
    : m_settings(std::move(settings)),
      m_workspace(new Workspace(this)),
      m_runs(new RunController(
          m_settings.engine ? m_settings.engine : RunController::EngineProvider(&loadEngine), this)),
      m_files(new FileController(this)),
      m_cached(new CachedModels(this)) {
    const QSettings kept(stateFile(), QSettings::IniFormat);
    Appearance::instance().apply(
        m_settings.theme.value_or(themeChoiceFromName(kept.value("window/theme").toString())));
    m_runs->setSettings(m_settings.run);
    setWindowIcon(programIcon());
    setAcceptDrops(true);
    setContextMenuPolicy(Qt::PreventContextMenu);

    m_prompt = new PromptBar(this);
    m_viewBar = new ViewBar(this);
    addToolBar(Qt::TopToolBarArea, barOf(m_prompt, "promptToolBar", *this));
    addToolBarBreak(Qt::TopToolBarArea);
    addToolBar(Qt::TopToolBarArea, barOf(m_viewBar, "viewToolBar", *this));

    m_docks = std::make_unique<DockLayout>(*this, *m_workspace);
    m_banners = new Banners(this);
    auto* panel = new QFrame(this);
    panel->setObjectName("panel");
    auto* panelColumn = new QVBoxLayout(panel);
    panelColumn->setContentsMargins(0, 0, 0, 0);
    m_docks->centre()->setParent(panel);
    panelColumn->addWidget(m_docks->centre());
    m_welcome = new WelcomePage(this);
    m_centre = new QStackedWidget(this);
    // Scrolled where it does not fit: the page must not keep the window large when it is no longer seen.
    auto* welcome = new QScrollArea(this);
    welcome->setWidgetResizable(true);
    welcome->setFrameShape(QFrame::NoFrame);
    welcome->setFocusPolicy(Qt::NoFocus);
    welcome->setWidget(m_welcome);
    m_centre->addWidget(welcome);
    m_centre->addWidget(panel);
    auto* middle = new QWidget(this);
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(0, 0, 0, 0);  // docks begin there too
    column->setSpacing(4);
    m_tabs = new QTabBar(this);
    m_tabs->setObjectName("documents");
    m_tabs->setAccessibleName(tr("Open documents"));
    m_tabs->setTabsClosable(true);
    m_tabs->setExpanding(false);
    m_tabs->setDocumentMode(true);
    m_tabs->setElideMode(Qt::ElideRight);
    m_tabs->setUsesScrollButtons(true);
    column->addWidget(m_tabs);
    column->addWidget(m_banners);
    column->addWidget(m_centre, 1);
    setCentralWidget(middle);

    m_stateLabel = plainLabel(tr("Nothing open"), "caption", this);
    m_runLabel = plainLabel({}, "caption", this);
    m_storageLabel = plainLabel({}, "caption", this);
    m_noticeLabel = plainLabel({}, "caption", this);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->setContentsMargins(8, 0, 8, 0);
    for (auto* label : {m_stateLabel, m_runLabel, m_storageLabel}) {
        label->setContentsMargins(4, 0, 12, 0);
        statusBar()->addWidget(label);
    }
    statusBar()->addPermanentWidget(m_noticeLabel);

    m_idleTimer = new QTimer(this);
    m_idleTimer->setInterval(kIdleTickMs);
    connect(m_idleTimer, &QTimer::timeout, this, &MainWindow::watchIdle);
    m_idleTimer->start();
    connectControllers();
    makeMenus();
    restore();
    const TextInput& given = m_settings.run.input;
    m_workspace->setTexts(QString::fromStdString(given.text), QString::fromStdString(given.pair.value_or("")),
                          QString::fromStdString(given.target.value_or("")));
    m_workspace->setIds(given.ids);
    showDocuments();
    showRun();
    showModel();
    m_welcome->setRecent(m_files->recent());
    m_cached->look();
    m_welcome->defaultButton()->setFocus();
}

// Panes speak to the workspace until they are gone (a focus that leaves, a pointer that does): they go first.
MainWindow::~MainWindow() {
    m_idleTimer->stop();
    for (QObject* speaker :
         {static_cast<QObject*>(m_workspace), static_cast<QObject*>(m_runs), static_cast<QObject*>(m_files)})
        speaker->disconnect(this);
    delete takeCentralWidget();
    qDeleteAll(findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly));
}

void MainWindow::connectControllers() {
    connect(m_workspace, &Workspace::runChanged, this, &MainWindow::showRun);
    connect(m_workspace, &Workspace::documentsChanged, this, &MainWindow::showDocuments);
    connect(m_workspace, &Workspace::sourceChanged, this, &MainWindow::showStatus);
    connect(m_workspace, &Workspace::modifiedChanged, this, &MainWindow::showStatus);
    connect(m_workspace, &Workspace::viewChanged, this, [this] { m_viewBar->setView(m_workspace->view()); });
    connect(m_workspace, &Workspace::noticed, this, &MainWindow::notice);
    connect(m_workspace, &Workspace::filterRefused, this,
            [this](const QString& sentence) { m_banners->show(BannerKind::warning, sentence); });
    connect(m_workspace, &Workspace::exportRequested, this, &MainWindow::exportRun);
    connect(m_viewBar, &ViewBar::viewChosen, m_workspace, &Workspace::setView);
    connectRuns();

    connect(m_files, &FileController::progressed, this, [this](const QString& what, double fraction) {
        if (!m_files->idle()) m_prompt->setProgress(what, fraction);
    });
    connect(m_files, &FileController::busyChanged, this, &MainWindow::showState);
    connect(m_files, &FileController::failed, this, &MainWindow::fail);
    connect(m_files, &FileController::recentChanged, this,
            [this] { m_welcome->setRecent(m_files->recent()); });
    connect(m_files, &FileController::opened, this, [this](const Session& session, const QString& path) {
        m_banners->clear();
        m_workspace->open(session, session.foreign ? QString() : path);
        for (const auto& sentence : session.run->notices)
            m_banners->show(BannerKind::warning, QString::fromStdString(sentence));
        notice(tr("Opened %1").arg(QFileInfo(path).fileName()));
    });
    connect(m_files, &FileController::saved, this, [this](const QString& path) {
        m_workspace->setPath(m_workspace->document().id, path);
        m_workspace->setModified(false);
        notice(tr("Saved %1").arg(QFileInfo(path).fileName()));
    });
    connect(m_files, &FileController::exported, this,
            [this](const QString& path) { notice(tr("Exported %1").arg(QFileInfo(path).fileName())); });

    connect(m_welcome, &WelcomePage::sampleAsked, this, &MainWindow::openSample);
    connect(m_welcome, &WelcomePage::openModelAsked, this, &MainWindow::askModel);
    connect(m_welcome, &WelcomePage::openFileAsked, this, &MainWindow::askFile);
    connect(m_welcome, &WelcomePage::openTextAsked, this, &MainWindow::askText);
    connect(m_welcome, &WelcomePage::recentChosen, this, [this](const QString& path) { openFile(path); });
    connect(m_welcome, &WelcomePage::modelChosen, this, [this](const QString& name) { openModel(name); });
    connect(m_cached, &CachedModels::found, this, [this](const std::vector<ListedModel>& models) {
        std::vector<WelcomeModel> shown;
        for (const auto& model : models)  // which families run is known once the engine is loaded
            if (model.fault.empty() && !model.family.empty())
                shown.push_back({QString::fromStdString(harmless(model.cached.name())),
                                 QString::fromStdString(harmless(model.family)),
                                 QString::fromStdString(readableBytes(model.cached.bytes)),
                                 QString::fromStdString(model.cached.name())});
        m_welcome->setModels(std::move(shown));
    });
    connect(m_welcome, &WelcomePage::clearRecentAsked, m_files, &FileController::forgetRecent);
}

void MainWindow::openModel(const RunController::ModelWish& wish) {
    m_wasIdle = false;
    m_banners->clear();  // of what was open
    std::optional<RunController::Order> after;
    if (!m_prompt->text().isEmpty() || m_workspace->document().ids) {
        after = order(m_settings.run.input.generation);
        m_settings.run.input.generation = {};  // of the first run alone
    }
    m_runs->openModel(wish, std::move(after));
}

void MainWindow::openSample() {
    if (m_prompt->text().isEmpty()) setText(kSampleText);
    openModel("sample");
}

void MainWindow::openFile(const QString& path, RunController::ModelWish asModel) {
    m_wasIdle = false;
    switch (kindOfPath(path)) {
        case PathKind::model:
            asModel.name = path;
            openModel(asModel);
            break;
        case PathKind::text:
            openText(path);
            break;
        case PathKind::data:
            m_files->open(path);
            break;
    }
}

void MainWindow::setText(const QString& text) {
    m_prompt->setTexts({text, {}, {}});
    takeTexts();
    m_runs->countTokens(m_prompt->text());
}

void MainWindow::run() {
    m_wasIdle = false;
    if (m_runs->isLoading()) return;  // the text runs when the model is there
    m_banners->clear();
    m_workspace->setWritten(m_workspace->document().id, {});
    m_runs->run(order());
}

void MainWindow::stop() {
    if (m_runs->isLoading())
        m_runs->stopAll();
    else
        m_runs->stop(m_workspace->document().id);
    m_files->cancel();
}

void MainWindow::stopAll() {
    m_runs->stopAll();
    m_files->cancel();
}

bool MainWindow::isIdle() const {
    return m_runs->idle() && m_files->idle() && m_cached->idle() && m_workspace->idle();
}

bool MainWindow::onlyEngineWorks() const {
    return !m_runs->idle() && m_files->idle();
}

// Idle for two ticks: what was posted in between has been delivered.
void MainWindow::watchIdle() {
    m_quietTicks = isIdle() ? m_quietTicks + 1 : 0;
    const bool idle = m_quietTicks >= 2;
    if (idle && !m_wasIdle) emit becameIdle();
    m_wasIdle = idle;
}

void MainWindow::showRun() {
    const bool empty = m_workspace->isEmpty();
    // A second document may be empty: then the docks stay, and say so.
    const bool nothing = empty && m_workspace->documents().size() == 1;
    m_centre->setCurrentIndex(nothing ? 0 : 1);
    m_docks->setShown(!nothing);
    m_viewBar->parentWidget()->setVisible(!nothing);
    for (auto* action : {m_saveAction, m_saveAsAction, m_exportAction})
        if (action) action->setEnabled(!empty);
    if (m_shownDocument != m_workspace->document().id) {
        m_shownDocument = m_workspace->document().id;
        m_banners->clear();
        showTexts();
        m_runs->countTokens(m_prompt->text());
    } else if (!empty && m_prompt->text().isEmpty()) {
        showTexts();
    }
    if (!empty) showTokenCount(*m_workspace->run());
    showState();
}

void MainWindow::showModel() {
    const auto& model = m_runs->model();
    m_prompt->setTakes(model && model->takesPairs, model && model->info.encoderDecoder,
                       model && model->writes);
    if (!model) {
        m_prompt->setModel({}, {});
    } else {
        const auto& info = model->info;
        m_prompt->setModel(model->title,
                           info.layers == 0 ? tr("script")  // known once it has run
                                            : QString("%1 × %2 · %3")
                                                  .arg(info.layers)
                                                  .arg(info.heads)
                                                  .arg(QString::fromStdString(info.dtype)));
        m_files->remember(model->path == "sample" ? model->path : QFileInfo(model->path).absoluteFilePath());
        for (const auto& sentence : model->notices)
            m_banners->show(BannerKind::warning, QString::fromStdString(sentence));
        m_runs->countTokens(m_prompt->text());
        m_cached->look();  // it may have been downloaded
        if (m_workspace->isEmpty() && m_prompt->text().isEmpty()) m_prompt->focusText();
    }
    if (m_closeModelAction) m_closeModelAction->setEnabled(model != nullptr);
    showState();
}

void MainWindow::showState() {
    const bool busy =
        m_runs->isRunning(m_workspace->document().id) || m_runs->isLoading() || !m_files->idle();
    const bool canRun = m_runs->model() && !m_runs->isLoading();
    for (const auto& document : m_workspace->documents())
        if (document->running >= 0 && !m_runs->isRunning(document->id))
            m_workspace->setRunning(document->id, -1);
    m_prompt->setState(canRun, busy,
                       m_runs->isLoading() ? tr("The model is loading") : tr("Open a model to run a text"));
    if (m_runAction) m_runAction->setEnabled(canRun);
    if (m_continueAction) m_continueAction->setEnabled(m_prompt->canContinue());
    if (m_stopAction) m_stopAction->setEnabled(busy);
    m_welcome->setBusy(m_runs->isLoading() ? tr("Loading the model…")
                       : m_files->idle()   ? QString()
                                           : tr("Opening…"));
    showStatus();
}

void MainWindow::showStatus() {
    int jobs = m_runs->isLoading() + !m_files->idle();
    for (const auto& document : m_workspace->documents()) jobs += m_runs->isRunning(document->id);
    const bool busy = jobs > 0;
    const QString working = jobs == 1 ? tr("1 job") : tr("%1 jobs").arg(jobs);
    const auto& run = m_workspace->run();
    if (!run) {
        m_stateLabel->setText(busy ? working : tr("Nothing open"));
        m_runLabel->clear();
        m_storageLabel->clear();
        m_noticeLabel->setText(m_runs->model() ? QString() : tr("the engine loads with the first model"));
        setWindowTitle(tr("Attention Viz"));
        return;
    }
    const auto& source = *m_workspace->rawSource();
    const auto& info = source.info();
    m_stateLabel->setText(busy ? working
                          : source.layersReady() < info.layers
                              ? tr("Stopped after layer %1 of %2").arg(source.layersReady()).arg(info.layers)
                          : m_runs->model() ? tr("Ready")
                                            : tr("Opened without a model: running is off"));
    const QString tokens = info.square()
                               ? tokenCountText(info.keys)
                               : tr("%1 × %2 tokens").arg(countText(info.queries), countText(info.keys));
    QString shape = tr("%1 × %2 · %3").arg(layerCountText(info.layers), headCountText(info.heads), tokens);
    if (!run->model.name.empty()) shape.prepend(QString::fromStdString(harmless(run->model.name)) + " · ");
    m_runLabel->setText(shape);
    m_storageLabel->setText(QString::fromStdString(info.storage) + " · " +
                            QString::fromStdString(readableBytes(info.keptBytes)));
    setWindowTitle(Workspace::titleOf(m_workspace->document()) + " – " + tr("Attention Viz"));
}

void MainWindow::fail(const Error& error) {
    m_banners->show(BannerKind::error, QString::fromStdString(error.sentence()));
    showState();
}

void MainWindow::notice(const QString& sentence) {
    m_noticeLabel->setText(sentence);
    QTimer::singleShot(8000, m_noticeLabel, [this, sentence] {
        if (m_noticeLabel->text() == sentence) m_noticeLabel->clear();
    });
}

void MainWindow::restore() {
    resize(1600, 1000);
    if (!m_settings.remember) return;
    const QSettings kept(stateFile(), QSettings::IniFormat);
    restoreGeometry(kept.value("window/geometry").toByteArray());
    bool onScreen = false;  // a screen that is gone took the window with it
    for (const auto* screen : QGuiApplication::screens())
        onScreen |= screen->availableGeometry().intersected(geometry()).width() > 100;
    if (!onScreen) move(QGuiApplication::primaryScreen()->availableGeometry().topLeft());
    m_docks->restore(kept.value("window/layout").toByteArray());
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (m_settings.remember) {
        QSettings kept(stateFile(), QSettings::IniFormat);
        kept.setValue("window/geometry", saveGeometry());
        kept.setValue("window/layout", m_docks->save());
        if (!m_settings.theme)
            kept.setValue("window/theme", themeChoiceName(Appearance::instance().choice()));
    }
    m_runs->stopAll();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls() && event->mimeData()->urls().first().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (urls.isEmpty() || !urls.first().isLocalFile()) return;
    event->acceptProposedAction();
    openFile(urls.first().toLocalFile());
}

}  // namespace attnviz::ui
