#include "ui/widgets/welcome_page.h"

#include <QFileInfo>
#include <QFrame>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/base/readable.h"
#include "core/model/model_folder.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kShownRecent = 8;

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
    m_clear->setFixedHeight(20);
    heading->addWidget(m_clear);
    connect(m_clear, &QPushButton::clicked, this, &WelcomePage::clearRecentAsked);
    right->addLayout(heading);
    m_recent = card(page);
    m_recentRows = new QVBoxLayout(m_recent);
    m_recentRows->setContentsMargins(1, 1, 1, 1);
    m_recentRows->setSpacing(0);
    right->addWidget(m_recent);
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
                             : info.isDir()   ? QString::fromStdString(modelNameOf(path.toStdString()))
                                              : info.fileName();
        const QString where = path == "sample" ? tr("ships with the program") : info.absolutePath();
        auto* row = new RowButton(info.isDir() || path == "sample" ? Icon::model : Icon::file, name,
                                  fontMetrics().elidedText(where, Qt::ElideMiddle, 330), size, m_recent);
        m_recentRows->addWidget(row);
        connect(row, &QPushButton::clicked, this, [this, path] { emit recentChosen(path); });
    }
}

void WelcomePage::setBusy(const QString& what) {
    m_busy->setText(what);
    m_sample->setEnabled(what.isEmpty());
}

void WelcomePage::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        m_sample->click();
    else
        QWidget::keyPressEvent(event);
}

}  // namespace attnviz::ui
