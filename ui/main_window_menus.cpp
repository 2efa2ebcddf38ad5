// The menus of the window, and what they ask for: files to open and save, exports, themes.
#include <QAction>
#include <QActionGroup>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>

#include "core/base/readable.h"
#include "ui/dialogs/open_model_dialog.h"
#include "ui/dock_layout.h"
#include "ui/exporting_choices.h"
#include "ui/main_window.h"
#include "ui/panes/pane.h"
#include "ui/state/file_controller.h"
#include "ui/state/workspace.h"
#include "ui/theme/icons.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/prompt_bar.h"
#include "ui/widgets/view_bar.h"

namespace attnviz::ui {
namespace {

constexpr qint64 kLargestTextBytes = 4'000'000;

QAction* add(QMenu& menu, const QString& text, const QKeySequence& keys, auto* receiver, auto slot) {
    auto* action = menu.addAction(text);
    action->setShortcut(keys);
    QObject::connect(action, &QAction::triggered, receiver, slot);
    return action;
}

}  // namespace

void MainWindow::makeMenus() {
    auto* file = menuBar()->addMenu(tr("&File"));
    add(*file, tr("Open &model…"), Qt::CTRL | Qt::SHIFT | Qt::Key_O, this, &MainWindow::askModel);
    add(*file, tr("&Open session or data…"), QKeySequence::Open, this, &MainWindow::askFile);
    add(*file, tr("Open &text…"), Qt::CTRL | Qt::SHIFT | Qt::Key_T, this, &MainWindow::askText);
    add(*file, tr("Open sam&ple"), {}, this, &MainWindow::openSample);
    m_recentMenu = file->addMenu(tr("&Recent"));
    connect(m_recentMenu, &QMenu::aboutToShow, this, &MainWindow::fillRecent);
    fillRecent();
    file->addSeparator();
    add(*file, tr("&New document"), QKeySequence::New, this, [this] {
        m_workspace->addDocument();
        m_prompt->focusText();
    });
    add(*file, tr("&Close document"), QKeySequence::Close, this,
        [this] { closeDocument(m_workspace->document().id); });
    m_reopenAction = add(*file, tr("Re&open closed document"), Qt::CTRL | Qt::SHIFT | Qt::Key_W, m_workspace,
                         &Workspace::reopenDocument);
    file->addSeparator();
    m_saveAction = add(*file, tr("&Save session"), QKeySequence::Save, this, [this] { save(false); });
    m_saveAsAction = add(*file, tr("Save session &as…"), QKeySequence::SaveAs, this, [this] { save(true); });
    m_exportAction = add(*file, tr("&Export…"), Qt::CTRL | Qt::Key_E, this, &MainWindow::exportRun);
    file->addSeparator();
    add(*file, tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);

    auto* edit = menuBar()->addMenu(tr("&Edit"));
    auto* view = menuBar()->addMenu(tr("&View"));
    for (auto* action : m_docks->centre()->actions()) {
        const QString menu = action->property("menu").toString();
        if (menu == "edit") edit->addAction(action);
        if (menu == "view") view->addAction(action);
    }
    view->addSeparator();
    m_docks->addActions(*view);
    view->addSeparator();
    auto* themes = view->addMenu(tr("&Theme"));
    auto* group = new QActionGroup(this);
    for (const auto& [choice, name] : {std::pair(ThemeChoice::system, tr("As the system")),
                                       {ThemeChoice::light, tr("Light")},
                                       {ThemeChoice::dark, tr("Dark")}}) {
        auto* action = themes->addAction(name);
        action->setCheckable(true);
        action->setChecked(choice == Appearance::instance().choice());
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, theme = choice] {
            m_settings.theme.reset();  // from now on the person's choice, which is kept
            Appearance::instance().apply(theme);
            QSettings(stateFile(), QSettings::IniFormat).setValue("window/theme", themeChoiceName(theme));
        });
    }
    auto* layouts = view->addMenu(tr("&Layout"));
    connect(layouts, &QMenu::aboutToShow, this, [this, layouts] { m_docks->fillMenu(*layouts); });
    m_docks->fillMenu(*layouts);
    m_viewBar->setLayoutMenu(layouts);
    connect(m_docks.get(), &DockLayout::layoutChosen, m_viewBar, &ViewBar::setLayoutName);
    m_viewBar->setLayoutName(m_docks->currentName());
    add(*view, tr("&Reset layout"), {}, this, [this] { m_docks->reset(); });

    auto* model = menuBar()->addMenu(tr("&Model"));
    m_runAction = add(*model, tr("&Run"), Qt::Key_F5, this, &MainWindow::run);
    m_continueAction =
        add(*model, tr("&Continue…"), Qt::CTRL | Qt::Key_G, this, [this] { m_prompt->openContinue(); });
    m_stopAction = add(*model, tr("&Stop"), Qt::Key_Escape, this, &MainWindow::stop);
    add(*model, tr("Stop &all"), Qt::SHIFT | Qt::Key_Escape, this, &MainWindow::stopAll);
    add(*model, tr("&Text field"), Qt::CTRL | Qt::Key_L, this, [this] { m_prompt->focusText(); });
    model->addSeparator();
    m_closeModelAction = add(*model, tr("&Close model"), {}, this, [this] { m_runs->closeModel(); });

    auto* help = menuBar()->addMenu(tr("&Help"));
    add(*help, tr("&About Attention Viz"), {}, this, &MainWindow::showAbout);
    makeModelMenu();
}

void MainWindow::makeModelMenu() {
    m_modelMenu = new QMenu(this);
    add(*m_modelMenu, tr("Open model…"), {}, this, &MainWindow::askModel);
    add(*m_modelMenu, tr("Sample model"), {}, this, [this] { openModel("sample"); });
    m_modelMenu->addSeparator();
    m_modelMenu->addAction(m_closeModelAction);
    m_prompt->setModelMenu(m_modelMenu);
}

void MainWindow::fillRecent() {
    m_recentMenu->clear();
    const QStringList paths = m_files->recent();
    for (const auto& path : paths) {
        QString shown = path;
        auto* action = m_recentMenu->addAction(shown.replace('&', "&&"));
        connect(action, &QAction::triggered, this, [this, path] { openFile(path); });
    }
    if (paths.isEmpty()) {
        m_recentMenu->addAction(tr("What you open is listed here"))->setEnabled(false);
        return;
    }
    m_recentMenu->addSeparator();
    add(*m_recentMenu, tr("Clear"), {}, m_files, &FileController::forgetRecent);
}

void MainWindow::askModel() {
    if (auto* open = findChild<OpenModelDialog*>()) return open->raise();
    auto* dialog = new OpenModelDialog(m_files->recent(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &OpenModelDialog::chosen, this, [this](const QString& name) { openModel(name); });
    connect(m_runs, &RunController::familiesKnown, dialog, &OpenModelDialog::setFamilies);
    m_runs->askFamilies();
    dialog->open();
}

// For this one opening: what was allowed is not kept, the file may be another the next time.
void MainWindow::askCode(const RunController::ModelWish& wish) {
    m_banners->show(
        BannerKind::warning,
        tr("%1 is a TorchScript module: code, which could do anything that you can. Run it only if "
           "you trust where it comes from.")
            .arg(QString::fromStdString(harmless(QFileInfo(wish.name).fileName().toStdString()))),
        tr("Run it anyway"), [this, wish] {
            openModel({wish.name, wish.tokenizer, true});
        });
}

void MainWindow::askFile() {
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Open a session or data"), {},
        tr("Sessions and attention data (*.json *.gz *.npz *.npy *.safetensors);;All files (*)"));
    if (!path.isEmpty()) openFile(path);
}

void MainWindow::askText() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open a text"), {}, tr("Texts (*.txt *.md);;All files (*)"));
    if (!path.isEmpty()) openText(path);
}

void MainWindow::openText(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(notFound("cannot be read", path.toStdString(), "Check the name and the permissions."));
    if (file.size() > kLargestTextBytes)
        return fail(badInput("the text is larger than 4 MB", path.toStdString(),
                             "Take a part of it: no model reads that much at once."));
    setText(QString::fromUtf8(file.readAll()));
    if (m_runs->model()) run();
}

void MainWindow::save(bool askName) {
    if (m_workspace->isEmpty()) return;
    QString path = m_workspace->document().path;
    if (askName || path.isEmpty())
        path = QFileDialog::getSaveFileName(
            this, tr("Save the session"), path.isEmpty() ? "session.attn.json" : path,
            tr("Session (*.attn.json);;Session, compressed (*.attn.json.gz)"));
    if (path.isEmpty()) return;
    if (!path.endsWith(".json") && !path.endsWith(".json.gz")) path += ".attn.json";
    m_files->save(m_workspace->session(), path);
}

void MainWindow::exportRun() {
    if (m_workspace->isEmpty()) return;
    if (m_workspace->rawSource()->layersReady() < m_workspace->rawSource()->info().layers)
        return notice(tr("Wait for the last layer, or run again: half a run is not exported"));
    QString chosen;
    QString path =
        QFileDialog::getSaveFileName(this, tr("Export"), "attention.png", exportFilters(), &chosen);
    if (path.isEmpty()) return;
    const auto* exporter = exporterOf(path, chosen);
    if (!exporter)
        return fail(unsupported("no export has this suffix", path.toStdString(),
                                "Choose one of the dialog's formats."));
    FileController::ExportOrder order;
    order.session = std::make_shared<const Session>(m_workspace->session());
    order.filters = m_workspace->view().filters;
    order.exporter = exporter;
    order.colormap = m_workspace->view().colormap.toStdString();
    order.title = m_workspace->headTitle().toStdString();
    if (exporter->draws) {
        order.layers = {m_workspace->head().layer};
        static constexpr const char* kCombinations[] = {"", "mean", "max", "min", "sum"};
        order.combine = kCombinations[static_cast<int>(m_workspace->view().filters.combine)];
        if (order.combine.empty()) order.heads = {m_workspace->head().head};
    }
    m_files->exportTo(std::move(order), path);
}

void MainWindow::showAbout() {
    QMessageBox box(this);
    box.setWindowTitle(tr("About Attention Viz"));
    box.setIconPixmap(programIcon().pixmap(64, 64));
    box.setTextFormat(Qt::PlainText);
    box.setText(tr("Attention Viz %1").arg(ATTNVIZ_VERSION));
    box.setInformativeText(
        tr("See the attention of transformers: native, exact, at any length.\n\nFree software under the GNU "
           "General "
           "Public License, version 3 or later. It comes without any warranty."));
    box.exec();
}

}  // namespace attnviz::ui
