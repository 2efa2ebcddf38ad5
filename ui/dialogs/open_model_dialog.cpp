#include "ui/dialogs/open_model_dialog.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "core/base/readable.h"
#include "core/model/hub/http_client.h"
#include "core/model/model_config.h"
#include "core/model/model_folder.h"
#include "ui/dialogs/choice_list.h"
#include "ui/dialogs/model_choices.h"
#include "ui/state/file_controller.h"
#include "ui/state/tile_requests.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/table_columns.h"

namespace attnviz::ui {
namespace {

constexpr int kFileRows = 5;  // of what would be downloaded; more are scrolled

// Names out of files may hold anything; they are shown, never meant.
QString shown(const std::string& text) {
    return QString::fromStdString(harmless(text));
}

QString homeExpanded(const QString& text) {
    return text == "~" || text.startsWith("~/") ? QDir::homePath() + text.mid(1) : text;
}

bool looksLikePath(const QString& text) {
    return text.startsWith('/') || text.startsWith('~') || text.startsWith("./") || text.startsWith("../");
}

QString sizeText(std::int64_t bytes) {
    return QString::fromStdString(readableBytes(bytes));
}

// A folder on this machine, as far as its files tell.
ModelChoice folderChoice(ChoiceKind kind, const QString& path) {
    const std::filesystem::path folder(path.toStdString());
    ModelChoice choice;
    choice.kind = kind;
    choice.target = choice.where = path;
    choice.title = shown(modelNameOf(folder));
    choice.facts = path;
    const auto found = findModelFolder(path.toStdString());
    if (!found) {
        choice.facts = choice.hurdle = QString::fromStdString(found.error().what);
        return choice;
    }
    choice.title = shown(found->name);
    // A snapshot's path is its commit: no help.
    const bool cached = folder.parent_path().filename() == "snapshots";
    choice.facts = cached ? OpenModelDialog::tr("in the Hugging Face cache") : path;
    if (const auto config = ModelConfig::read(found->config); config && !config->modelType().empty())
        choice.facts.prepend(shown(config->modelType()) + QStringLiteral(" · "));
    std::int64_t bytes = 0;
    auto files = found->weights;
    if (found->script) {
        choice.code = true;
        choice.facts = OpenModelDialog::tr("TorchScript") + QStringLiteral(" · ") + path;
        files = {*found->script};
    }
    for (const auto& file : files) {
        std::error_code failure;
        const auto size = std::filesystem::file_size(file, failure);
        if (!failure) bytes += static_cast<std::int64_t>(size);
    }
    choice.size = sizeText(bytes);
    return choice;
}

}  // namespace

OpenModelDialog::OpenModelDialog(const QStringList& recent, QWidget* parent)
    : QDialog(parent),
      m_hub(hubSettings()),
      m_recent(recent),
      m_choices(new ModelChoices(this)),
      m_diskQueue("models", postTo(this)),
      m_hubQueue("hub", postTo(this)) {
    setObjectName("openModel");
    setWindowTitle(tr("Open model"));
    resize(760, 620);
    setMinimumSize(520, 420);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(8);

    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_field = new QLineEdit(this);
    m_field->setObjectName("model");
    m_field->setPlaceholderText(tr("Filter, or type a folder or a name: org/name, org/name@revision"));
    m_field->setAccessibleName(tr("Filter, folder or name of a model"));
    m_field->setClearButtonEnabled(true);
    m_field->setMaxLength(4096);
    auto* browseButton = new QPushButton(tr("Browse…"), this);
    browseButton->setAutoDefault(false);
    browseButton->setToolTip(tr("Choose a folder with config.json and weights"));
    row->addWidget(m_field, 1);
    row->addWidget(browseButton);
    column->addLayout(row);
    m_banners = new Banners(this);
    column->addWidget(m_banners);

    auto* frame = new QFrame(this);
    frame->setObjectName("card");
    auto* inside = new QVBoxLayout(frame);
    inside->setContentsMargins(1, 1, 1, 1);
    m_list = new ChoiceList(m_choices, frame);
    inside->addWidget(m_list);
    column->addWidget(frame, 1);
    column->addWidget(makeDetails());

    auto* foot = new QHBoxLayout;
    foot->setSpacing(8);
    m_state = new ElidingLabel("caption", this);
    m_state->setObjectName("state");
    auto* cancel = new QPushButton(tr("Cancel"), this);
    cancel->setProperty("role", "tall");
    cancel->setAutoDefault(false);
    m_open = new QPushButton(tr("Open"), this);
    m_open->setObjectName("open");
    m_open->setProperty("role", "primary");
    m_open->setDefault(true);
    foot->addWidget(m_state, 1);
    foot->addWidget(cancel);
    foot->addWidget(m_open);
    column->addLayout(foot);

    connect(browseButton, &QPushButton::clicked, this, &OpenModelDialog::browse);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_open, &QPushButton::clicked, this, &OpenModelDialog::act);
    connect(m_list, &ChoiceList::chosen, this, &OpenModelDialog::act);
    connect(m_field, &QLineEdit::textChanged, this, &OpenModelDialog::inspect);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &OpenModelDialog::showChoice);
    m_field->installEventFilter(this);
    m_field->setFocus();
    m_choices->setHubSentence(
        m_hub.offline
            ? tr("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set: nothing is looked up or downloaded.")
            : tr("Type a name above to look it up on %1.").arg(shown(hostOf(m_hub.endpoint))));
    fillCached();
    scan();
}

OpenModelDialog::~OpenModelDialog() = default;

QWidget* OpenModelDialog::makeDetails() {
    auto* frame = new QFrame(this);
    frame->setObjectName("card");
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(3);
    m_title = plainLabel({}, "strong", frame);
    m_title->setObjectName("title");
    m_where = new ElidingLabel("secondary", frame);
    m_what = plainLabel({}, "secondary", frame);
    m_what->setObjectName("what");
    m_what->setWordWrap(true);
    m_what->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_files = new QTableWidget(0, 2, frame);
    m_files->setObjectName("files");
    m_files->setAccessibleName(tr("Files that would be downloaded"));
    m_files->setHorizontalHeaderLabels({tr("File"), tr("Size")});
    dressTable(*m_files, 22);
    m_files->horizontalHeaderItem(1)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_files->setItemDelegateForColumn(0, new TableColumn(ColumnKind::text, m_files));
    m_files->setItemDelegateForColumn(1, new TableColumn(ColumnKind::number, m_files));
    m_files->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_files->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Fixed);
    m_files->setColumnWidth(1, 110);
    m_files->setSelectionMode(QAbstractItemView::NoSelection);
    m_files->hide();
    column->addWidget(m_title);
    column->addWidget(m_where);
    column->addWidget(m_what);
    column->addSpacing(3);
    column->addWidget(m_files);
    return frame;
}

bool OpenModelDialog::isIdle() const {
    return !m_inspecting && m_recentKnown && m_cached && m_diskQueue.idle() && m_hubQueue.idle() &&
           m_asked.isEmpty();
}

// What was open lately is looked at first: it is little.
void OpenModelDialog::scan() {
    m_diskQueue.submit(
        "recent",
        [recent = m_recent](std::stop_token stop) -> Result<std::vector<ModelChoice>> {
            std::vector<ModelChoice> choices;
            for (const auto& path : recent) {
                if (stop.stop_requested()) return cancelled();
                if (path == "sample" || kindOfPath(path) != PathKind::model) continue;
                choices.push_back(folderChoice(ChoiceKind::recent, path));
            }
            return choices;
        },
        [this](Result<std::vector<ModelChoice>> choices) {
            m_recentKnown = true;
            if (!choices) return;
            m_choices->setRecent(*std::move(choices));
            chooseRow();
        });
    m_diskQueue.submit(
        "cache", [cache = m_hub.cache](std::stop_token stop) { return listModels(cache, std::move(stop)); },
        [this](Result<std::vector<ListedModel>> models) {
            if (!models) return;
            m_cached = *std::move(models);
            fillCached();
            inspect(m_field->text());
        });
}

void OpenModelDialog::setFamilies(const RunnableFamilies& families) {
    m_families = families;
    fillCached();
}

void OpenModelDialog::fillCached() {
    std::vector<ModelChoice> choices;
    ModelChoice sample;
    sample.kind = ChoiceKind::cached;
    sample.title = sample.target = "sample";
    sample.facts = tr("Ships with the program, for looking at attention");
    choices.push_back(sample);
    for (const auto& model : m_cached.value_or(std::vector<ListedModel>{})) {
        ModelChoice choice;
        choice.kind = ChoiceKind::cached;
        choice.title = shown(model.cached.name());
        choice.target = QString::fromStdString(model.cached.name());
        choice.where = QString::fromStdString(model.cached.folder.string());
        choice.size = sizeText(model.cached.bytes);
        choice.lacking = !model.fault.empty();
        const RunnableFamilies unknown =
            std::set<std::string>{model.family};  // until it is known: not refused
        choice.hurdle = shown(hurdleOf(model.fault, model.family, m_families ? *m_families : unknown));
        choice.facts = model.family.empty() ? tr("no model type") : shown(model.family);
        if (!choice.hurdle.isEmpty()) choice.facts += QStringLiteral(" · ") + choice.hurdle;
        choices.push_back(std::move(choice));
    }
    m_choices->setCached(std::move(choices), m_cached.has_value());
    chooseRow();
}

void OpenModelDialog::inspect(const QString& text) {
    const QString typed = text.trimmed();
    m_kept.clear();
    m_banners->clear();
    m_inspecting = true;
    m_choices->setTyped(typed, std::nullopt, std::nullopt);
    chooseRow();
    if (typed.isEmpty()) {
        m_diskQueue.cancel("typed");
        m_inspecting = false;
        return;
    }
    struct Typed {
        std::optional<ModelChoice> folder, hub;
    };
    m_diskQueue.submit(
        "typed",
        [typed, host = shown(hostOf(m_hub.endpoint))](std::stop_token) -> Result<Typed> {
            Typed found;
            const QString path = homeExpanded(typed);
            if (QFileInfo::exists(path) && (looksLikePath(typed) || QFileInfo(path).isDir()))
                found.folder = folderChoice(ChoiceKind::folder, QDir::cleanPath(path));
            else if (looksLikePath(typed)) {
                found.folder = ModelChoice{};
                found.folder->kind = ChoiceKind::folder;
                found.folder->title = found.folder->target = typed;
                found.folder->facts = found.folder->hurdle = tr("there is no such folder");
            } else if (const auto name = parseHubName(typed.toStdString())) {
                found.hub = ModelChoice{};
                found.hub->kind = ChoiceKind::hub;
                found.hub->title = found.hub->target = QString::fromStdString(name->text());
                found.hub->facts = tr("Look it up on %1, and see what would be downloaded").arg(host);
                found.hub->where = host;
            }
            return found;
        },
        [this, typed](Result<Typed> found) {
            m_inspecting = false;
            if (found) takeTyped(typed, std::move(found->folder), std::move(found->hub));
        });
}

void OpenModelDialog::takeTyped(const QString& text, std::optional<ModelChoice> folder,
                                std::optional<ModelChoice> hub) {
    if (m_hub.offline) hub.reset();
    // What the cache holds whole needs no hub.
    if (hub) {
        const auto* cached = m_choices->at(m_choices->find(ChoiceKind::cached, hub->target));
        if (cached && !cached->lacking) hub.reset();
    }
    m_choices->setTyped(text, std::move(folder), std::move(hub));
    chooseRow();
}

// The row that was chosen, while it is there; else the one that is meant by what is typed.
void OpenModelDialog::chooseRow() {
    QModelIndex row;
    if (!m_kept.isEmpty())
        for (const auto kind : {ChoiceKind::folder, ChoiceKind::recent, ChoiceKind::cached, ChoiceKind::hub})
            if (!row.isValid()) row = m_choices->find(kind, m_kept);
    const QString typed = m_field->text().trimmed();
    if (!row.isValid()) row = m_choices->find(ChoiceKind::cached, typed);
    if (!row.isValid() && typed.contains('/')) row = m_choices->find(ChoiceKind::hub, typed);
    if (!row.isValid()) row = m_choices->first();
    const QString kept = m_kept;
    m_list->setCurrentIndex(row);
    m_kept = kept;
    if (row == m_choices->first()) m_list->scrollToTop();
    showChoice();
}

void OpenModelDialog::showChoice() {
    const auto* choice = m_choices->at(m_list->currentIndex());
    m_files->hide();
    m_title->setVisible(choice != nullptr);
    m_where->setVisible(choice && !choice->where.isEmpty());
    if (!choice) {
        m_what->setText(tr("Nothing fits. Type a folder, or the name of a model on the hub."));
        m_open->setText(tr("Open"));
        m_open->setEnabled(false);
        return;
    }
    m_kept = choice->target;
    m_title->setText(choice->title);
    m_where->setText(choice->where);
    const bool asks = choice->kind == ChoiceKind::hub || (choice->lacking && !m_hub.offline);
    const bool asking = !m_asked.isEmpty() && m_asked == choice->target;
    m_state->setText(asking ? tr("Asking %1 for %2…").arg(shown(hostOf(m_hub.endpoint)), choice->title)
                            : QString());
    if (asks && m_plan && m_planned == choice->target) return showPlan(*m_plan);
    if (asks) {
        m_open->setText(tr("Look up"));
        m_open->setEnabled(!asking);
        m_what->setText(
            choice->lacking
                ? tr("Not all of it is here: %1. Look it up to see what is missing; you are "
                     "asked before anything is downloaded.")
                      .arg(choice->hurdle)
                : tr("Not in the cache. Look it up to see its files and their sizes; you are asked "
                     "before anything is downloaded."));
        return;
    }
    m_open->setText(tr("Open"));
    m_open->setEnabled(choice->hurdle.isEmpty());
    if (choice->code)
        m_what->setText(tr("A script, which is code: you are asked before it runs."));
    else if (!choice->hurdle.isEmpty())
        m_what->setText(tr("Cannot be opened: %1.").arg(choice->hurdle));
    else if (choice->kind == ChoiceKind::cached && choice->target != "sample" && !m_families)
        m_what->setText(tr("Whether it can be run is known in a moment."));
    else
        m_what->setText(choice->kind == ChoiceKind::cached ? tr("Can be run. No network is needed.")
                                                           : tr("On this machine. No network is needed."));
}

void OpenModelDialog::showPlan(const DownloadPlan& plan) {
    const auto count = static_cast<int>(plan.files.size());
    m_open->setEnabled(true);
    if (count == 0) {
        m_open->setText(tr("Open"));
        m_what->setText(tr("All of it is in the cache already."));
        return;
    }
    m_open->setText(tr("Download %1").arg(sizeText(plan.bytes)));
    const QString cache = shown(m_hub.cache.string());
    QString what = count == 1 ? tr("1 file, %1, goes into %2").arg(sizeText(plan.bytes), cache)
                              : tr("%1 files, %2, go into %3").arg(count).arg(sizeText(plan.bytes), cache);
    if (plan.freeBytes >= 0) what += tr(" (%1 left there)").arg(sizeText(plan.freeBytes));
    what += plan.freeBytes >= 0 && plan.bytes > plan.freeBytes ? tr(": the disk is too full.")
                                                               : tr(". Python finds them there, too.");
    m_what->setText(what);
    m_where->setText(tr("%1, commit %2").arg(shown(hostOf(m_hub.endpoint)), shown(plan.commit).left(12)));
    m_where->show();
    m_files->setRowCount(count);
    for (int row = 0; row < count; ++row) {
        const auto& file = plan.files[static_cast<std::size_t>(row)];
        m_files->setItem(row, 0, new QTableWidgetItem(shown(file.path)));
        m_files->setItem(row, 1, new QTableWidgetItem(file.size ? sizeText(*file.size) : tr("not known")));
    }
    m_files->setFixedHeight(26 + 22 * std::min(count, kFileRows));
    m_files->show();
}

void OpenModelDialog::act() {
    if (!m_open->isEnabled()) return;
    const auto* choice = m_choices->at(m_list->currentIndex());
    if (!choice) return;
    const QString target = choice->target;
    const bool asks = choice->kind == ChoiceKind::hub || (choice->lacking && !m_hub.offline);
    if (asks && !(m_plan && m_planned == target)) return lookUp(target);
    accept();
    emit chosen(target);
}

void OpenModelDialog::lookUp(const QString& target) {
    const auto name = parseHubName(target.toStdString());
    if (!name) return m_banners->show(BannerKind::error, QString::fromStdString(name.error().sentence()));
    m_banners->clear();
    m_asked = target;
    m_plan.reset();
    showChoice();
    m_hubQueue.submit(
        "plan",
        [settings = m_hub, name = *name](std::stop_token stop) {
            return planDownload(settings, name, kWeightFiles | kTokenizerFiles, {}, std::move(stop));
        },
        [this, target](Result<DownloadPlan> plan) {
            m_asked.clear();
            if (plan) {
                m_plan = *std::move(plan);
                m_planned = target;
            } else if (plan.error().kind != ErrorKind::cancelled) {
                m_banners->show(BannerKind::error, QString::fromStdString(plan.error().sentence()),
                                tr("Try again"), [this, target] { lookUp(target); });
            }
            showChoice();
            m_list->scrollTo(m_list->currentIndex());
        });
}

void OpenModelDialog::browse() {
    auto* dialog = new QFileDialog(this, tr("Choose a model folder"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_field->setText(path);
        m_field->setFocus();
    });
    dialog->open();
}

// The field has the focus while the list is walked through.
bool OpenModelDialog::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_field && event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
            case Qt::Key_Up:
                m_list->step(-1);
                return true;
            case Qt::Key_Down:
                m_list->step(1);
                return true;
            case Qt::Key_PageUp:
                m_list->stepPage(false);
                return true;
            case Qt::Key_PageDown:
                m_list->stepPage(true);
                return true;
            default:
                break;
        }
    }
    return QDialog::eventFilter(watched, event);
}

}  // namespace attnviz::ui
