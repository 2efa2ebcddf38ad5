#include "ui/widgets/welcome_page.h"

#include <QDir>
#include <QFileInfo>
#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/readable.h"
#include "core/model/model_folder.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kShownRecent = 8, kShownModels = 5;

// A card's row: icon, what, and how; a button as a whole, so that it is reached by keyboard.
class RowButton final : public QPushButton {
 public:
    RowButton(Icon which, const QString& title, const QString& facts, const QString& right, QWidget* parent)
        : QPushButton(parent), m_which(which) {
        setProperty("role", "row");
        setStyleSheet(
            "QPushButton { border: none; border-radius: 0px; background: transparent; min-height: 48px; }"
            "QPushButton:focus { border: 2px solid palette(link); min-height: 44px; }");
        setAccessibleName(title + ". " + facts);
        setCursor(Qt::PointingHandCursor);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(12, 4, 12, 4);
        row->setSpacing(14);
        m_mark = new QLabel(this);
        m_mark->setFixedWidth(20);
        auto* words = new QVBoxLayout;
        words->setSpacing(1);
        words->addWidget(plainLabel(title, "strong", this));
        auto* second = plainLabel(facts, "secondary", this);
        second->setMinimumWidth(20);
        words->addWidget(second);
        row->addWidget(m_mark);
        row->addLayout(words, 1);
        row->addWidget(plainLabel(right, "secondary", this));
        connect(&Appearance::instance(), &Appearance::changed, this, [this] { refresh(); });
        refresh();
    }
    QSize sizeHint() const override { return {200, 50}; }

 private:
    void refresh() { m_mark->setPixmap(ui::icon(m_which).pixmap(20, 20)); }
    Icon m_which;
    QLabel* m_mark;
};

QFrame* card(QWidget* parent, const char* name = "card") {
    auto* frame = new QFrame(parent);
    frame->setObjectName(name);
    return frame;
}

void clear(QLayout& layout) {
    while (auto* item = layout.takeAt(0)) {
        delete item->widget();
        delete item;
    }
}

}  // namespace

WelcomePage::WelcomePage(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    auto* outer = new QHBoxLayout(this);
    outer->setContentsMargins(32, 0, 32, 0);
    outer->addStretch(1);
    auto* page = new QWidget(this);
    page->setMaximumWidth(1090);
    page->setMinimumWidth(620);
    outer->addWidget(page, 100);
    outer->addStretch(1);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 64, 0, 24);
    column->setSpacing(6);
    column->addWidget(plainLabel(tr("Attention Viz"), "page", page));
    column->addWidget(plainLabel(
        tr("Open a transformer, type a text, and look at every layer, head and weight."), "secondary", page));
    column->addSpacing(22);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(32);
    grid->setVerticalSpacing(8);
    grid->setColumnStretch(0, 54);
    grid->setColumnStretch(1, 46);
    column->addLayout(grid);
    column->addStretch(1);

    auto* left = new QVBoxLayout;
    left->setSpacing(8);
    left->addWidget(plainLabel(tr("Sample"), "title", page));
    left->addWidget(sampleCard());
    left->addSpacing(12);
    left->addWidget(plainLabel(tr("Start"), "title", page));
    left->addWidget(startCard());
    left->addSpacing(12);
    left->addWidget(dropZone());
    left->addStretch(1);
    grid->addLayout(left, 0, 0);

    auto* right = new QVBoxLayout;
    right->setSpacing(8);
    auto* heading = new QHBoxLayout;
    heading->addWidget(plainLabel(tr("Recent"), "title", page), 1);
    m_clear = new QPushButton(tr("Clear"), page);
    m_clear->setProperty("role", "link");
    m_clear->setStyleSheet("min-height: 0px;");  // no higher than the heading beside it
    m_clear->setFixedHeight(16);
    heading->addWidget(m_clear);
    connect(m_clear, &QPushButton::clicked, this, &WelcomePage::clearRecentAsked);
    right->addLayout(heading);
    m_recent = card(page);
    m_recentRows = new QVBoxLayout(m_recent);
    m_recentRows->setContentsMargins(1, 1, 1, 1);
    m_recentRows->setSpacing(0);
    right->addWidget(m_recent);
    right->addWidget(modelsPart());
    m_busy = plainLabel({}, "secondary", page);
    right->addWidget(m_busy);
    right->addStretch(1);
    grid->addLayout(right, 0, 1);
    setRecent({});
}

QFrame* WelcomePage::sampleCard() {
    auto* frame = card(this);
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(14, 14, 14, 14);
    row->setSpacing(16);
    auto* mark = new QLabel(frame);
    mark->setPixmap(programIcon().pixmap(96, 96));
    row->addWidget(mark);
    auto* words = new QVBoxLayout;
    words->setSpacing(4);
    words->addWidget(plainLabel(tr("A small model, with a text"), "strong", frame));
    auto* facts = plainLabel(tr("It ships with the program and runs at once: no download, no network."),
                             "secondary", frame);
    facts->setWordWrap(true);
    words->addWidget(facts);
    words->addStretch(1);
    auto* buttons = new QHBoxLayout;
    m_sample = new QPushButton(tr("Open sample"), frame);
    m_sample->setProperty("role", "primary");
    m_sample->setDefault(true);
    buttons->addWidget(m_sample);
    buttons->addWidget(plainLabel(tr("Enter"), "secondary", frame));
    buttons->addStretch(1);
    words->addLayout(buttons);
    row->addLayout(words, 1);
    connect(m_sample, &QPushButton::clicked, this, &WelcomePage::sampleAsked);
    return frame;
}

QFrame* WelcomePage::startCard() {
    auto* frame = card(this);
    auto* rows = new QVBoxLayout(frame);
    rows->setContentsMargins(1, 1, 1, 1);
    rows->setSpacing(0);
    const auto add = [&](Icon which, const QString& title, const QString& facts, const QString& keys,
                         auto signal) {
        if (rows->count() > 0) rows->addWidget(card(frame, "cardLine"));
        auto* button = new RowButton(which, title, facts, keys, frame);
        rows->addWidget(button);
        connect(button, &QPushButton::clicked, this, signal);
    };
    add(Icon::model, tr("Open model…"), tr("A folder, or a name from the Hugging Face cache or hub"),
        "Ctrl+Shift+O", &WelcomePage::openModelAsked);
    add(Icon::folder, tr("Open session…"),
        tr("Saved sessions, JSON, NPZ or safetensors with attention weights"), "Ctrl+O",
        &WelcomePage::openFileAsked);
    add(Icon::text, tr("Open text…"), tr("Runs as soon as a model is open"), "Ctrl+Shift+T",
        &WelcomePage::openTextAsked);
    return frame;
}

QFrame* WelcomePage::dropZone() {
    auto* frame = card(this, "dropZone");
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(16, 26, 16, 26);
    column->setSpacing(4);
    auto* mark = new QLabel(frame);
    mark->setAlignment(Qt::AlignCenter);
    mark->setPixmap(icon(Icon::drop).pixmap(24, 24));
    connect(&Appearance::instance(), &Appearance::changed, mark,
            [mark] { mark->setPixmap(icon(Icon::drop).pixmap(24, 24)); });
    auto* what = plainLabel(tr("Drop a model folder, a session or a text here"), "strong", frame);
    auto* kinds = plainLabel(tr(".safetensors with config.json  ·  .attn.json, .json, .npz  ·  .txt"),
                             "secondary", frame);
    what->setAlignment(Qt::AlignCenter);
    kinds->setAlignment(Qt::AlignCenter);
    column->addWidget(mark);
    column->addSpacing(6);
    column->addWidget(what);
    column->addWidget(kinds);
    return frame;
}

void WelcomePage::setRecent(const QStringList& paths) {
    clear(*m_recentRows);
    m_clear->setVisible(!paths.isEmpty());
    if (paths.isEmpty()) {
        auto* nothing = emptySentence(tr("What you open is listed here."), m_recent);
        nothing->setMinimumHeight(50);
        m_recentRows->addWidget(nothing);
        return;
    }
    for (const auto& path : paths.mid(0, kShownRecent)) {
        if (m_recentRows->count() > 0) m_recentRows->addWidget(card(m_recent, "cardLine"));
        const QFileInfo info(path);
        const QString size = path == "sample" || info.isDir() || !info.exists()
                                 ? QString()
                                 : QString::fromStdString(readableBytes(info.size()));
        // A snapshot of the Hugging Face cache bears its model's name, not its commit's.
        const QString name = path == "sample" ? tr("sample")
                             : info.isDir() || info.dir().dirName() == "snapshots"
                                 ? QString::fromStdString(modelNameOf(path.toStdString()))
                                 : info.fileName();
        const QString where = path == "sample"                      ? tr("ships with the program")
                              : info.dir().dirName() == "snapshots" ? tr("in the Hugging Face cache")
                                                                    : info.absolutePath();
        auto* row = new RowButton(info.isDir() || path == "sample" ? Icon::model : Icon::file, name,
                                  fontMetrics().elidedText(where, Qt::ElideMiddle, 330), size, m_recent);
        m_recentRows->addWidget(row);
        connect(row, &QPushButton::clicked, this, [this, path] { emit recentChosen(path); });
    }
}

QWidget* WelcomePage::modelsPart() {
    m_modelsPart = new QWidget(this);
    auto* column = new QVBoxLayout(m_modelsPart);
    column->setContentsMargins(0, 12, 0, 0);
    column->setSpacing(8);
    auto* heading = new QHBoxLayout;
    heading->addWidget(plainLabel(tr("Models on this computer"), "title", m_modelsPart), 1);
    m_filter = new QLineEdit(m_modelsPart);
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setAccessibleName(tr("Filter the models on this computer"));
    m_filter->setFixedWidth(168);
    m_filter->installEventFilter(this);
    heading->addWidget(m_filter);
    column->addLayout(heading);
    auto* frame = card(m_modelsPart);
    frame->setProperty("part", "models");
    m_modelRows = new QVBoxLayout(frame);
    m_modelRows->setContentsMargins(1, 1, 1, 1);
    m_modelRows->setSpacing(0);
    column->addWidget(frame);
    auto* from = plainLabel(
        tr("From the Hugging Face cache. Any other name can be downloaded into it; you are asked first."),
        "secondary", m_modelsPart);
    from->setWordWrap(true);
    column->addWidget(from);
    connect(m_filter, &QLineEdit::textChanged, this, &WelcomePage::showModels);
    m_modelsPart->hide();
    return m_modelsPart;
}

void WelcomePage::setModels(std::vector<WelcomeModel> models) {
    m_models = std::move(models);
    m_modelsPart->setVisible(!m_models.empty());
    m_filter->setVisible(m_models.size() > kShownModels);
    showModels();
}

void WelcomePage::showModels() {
    clear(*m_modelRows);
    auto* frame = m_modelRows->parentWidget();
    const QString wanted = m_filter->text().trimmed();
    int fitting = 0;
    for (const auto& model : m_models) {
        if (!model.name.contains(wanted, Qt::CaseInsensitive) &&
            !model.facts.contains(wanted, Qt::CaseInsensitive))
            continue;
        if (++fitting > kShownModels) continue;
        if (fitting > 1) m_modelRows->addWidget(card(frame, "cardLine"));
        auto* row = new RowButton(Icon::model, fontMetrics().elidedText(model.name, Qt::ElideMiddle, 310),
                                  model.facts, model.size, frame);
        row->setAccessibleName(model.name + ". " + model.facts);
        m_modelRows->addWidget(row);
        connect(row, &QPushButton::clicked, this,
                [this, target = model.target] { emit modelChosen(target); });
    }
    if (fitting == 0) m_modelRows->addWidget(emptySentence(tr("No model fits."), frame));
    if (fitting <= kShownModels) return;
    m_modelRows->addWidget(card(frame, "cardLine"));
    auto* more = new QPushButton(tr("%1 more…").arg(fitting - kShownModels), frame);
    more->setProperty("role", "link");
    more->setFixedHeight(28);
    m_modelRows->addWidget(more);
    connect(more, &QPushButton::clicked, this, &WelcomePage::openModelAsked);
}

void WelcomePage::setBusy(const QString& what) {
    m_busy->setText(what);
    m_sample->setEnabled(what.isEmpty());
}

// Enter in the filter opens the first model that fits, not the sample.
bool WelcomePage::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_filter && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            if (auto* first = qobject_cast<QPushButton*>(m_modelRows->itemAt(0)->widget())) first->click();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void WelcomePage::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        m_sample->click();
    else
        QWidget::keyPressEvent(event);
}

}  // namespace attnviz::ui
