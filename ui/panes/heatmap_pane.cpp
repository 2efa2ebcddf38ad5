// Heatmap: the chosen head's map in the centre, with tokens on both edges and the exact value under the
// pointer.
#include <QAction>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QToolButton>
#include <QVBoxLayout>
#include <cmath>

#include "ui/exporting/widget_figure.h"
#include "ui/panes/cell_facts.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/head_metrics.h"
#include "ui/state/tile_requests.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/heatmap_view.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

constexpr int kMostCopiedCells = 1'000'000;

class HeatmapPane final : public Pane {
 public:
    HeatmapPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return workspace().isEmpty() ? nullptr : m_view; }
    QString values() const override;

 private:
    void refresh(unsigned changes) override;
    static QString tr(const char* text) { return QCoreApplication::translate("HeatmapPane", text); }
    QAction* action(const char* name, const QString& text, const QKeySequence& keys, const char* menu,
                    Icon which);
    QToolButton* button(QAction* action, bool words);
    void makeControls();
    void showMap();
    void showScale();
    void showTitle();
    void showFacts();
    void showZoom();
    void arrangeZoom();
    void copyValues();

    QLabel *m_title, *m_zoom;
    ElidingLabel* m_chip;
    QList<QToolButton*> m_wordButtons;
    QList<QWidget*> m_checks;
    QComboBox* m_kind;
    Segments* m_pooling;
    HeatmapView* m_view;
    ReadOut* m_readOut;
    bool m_complete = true;  // nothing stands in for tiles that are still computed

 protected:
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        for (auto* button : m_wordButtons)
            button->setToolButtonStyle(width() < 720 ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
        arrangeZoom();
        for (auto* check : m_checks) check->setVisible(width() >= 430);
    }
};

HeatmapPane::HeatmapPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "heatmap", kRun | kSource | kHead | kHover | kPins | kTokens | kView, parent) {
    auto* body = new QWidget(this);
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(1, 0, 1, 1);
    column->setSpacing(0);
    m_view = new HeatmapView(body);
    makeControls();
    column->addWidget(m_view, 1);
    m_readOut = new ReadOut(body);
    column->addWidget(m_readOut);
    setBody(body);

    connect(m_view, &HeatmapView::hoverChanged, this, [this] { workspace().setHovered(m_view->hovered()); });
    connect(m_view, &HeatmapView::pinRequested, &shared, &Workspace::setPinned);
    connect(m_view, &HeatmapView::pinToggled, &shared, &Workspace::togglePin);
    connect(m_view, &HeatmapView::tokensChosen, &shared, &Workspace::setTokens);
    connect(m_view, &HeatmapView::viewChanged, this,
            [this] { workspace().setSeen(m_view->seenQueries(), m_view->seenKeys()); });
    connect(&shared, &Workspace::moveAsked, m_view, &HeatmapView::showCell);
    connect(m_view, &HeatmapView::viewChanged, this, [this] {
        showZoom();
        showFacts();
    });
    connect(m_view, &HeatmapView::tileWanted, this,
            [this](const TileKey& key) { workspace().tiles().request(m_view->map().source(), key); });
    connect(m_view, &QCustomPlot::afterReplot, this, [this] {
        if (m_view->map().complete() == m_complete) return;
        m_complete = !m_complete;
        if (!workspace().isEmpty()) showTitle();
    });
    connect(&shared.tiles(), &TileRequests::ready, this,
            [this](const TileKey& key, const TileValues& values, const AttentionSource* source) {
                if (source == m_view->map().source().get()) m_view->tileReady(key, values);
            });
}

void HeatmapPane::refresh(unsigned changes) {
    if ((changes & (kRun | kSource | kHead)) != 0) return showMap();
    if ((changes & kPins) != 0) m_view->setPins(workspace().pins());
    if ((changes & kTokens) != 0)
        m_view->setTokens(workspace().selection().queries, workspace().selection().keys);
    if ((changes & kHover) != 0) m_view->setHovered(workspace().hovered());
    if ((changes & kView) != 0) return showScale();
    showFacts();
}

QAction* HeatmapPane::action(const char* name, const QString& text, const QKeySequence& keys,
                             const char* menu, Icon which) {
    auto* made = new QAction(icon(which), text, this);
    made->setObjectName(name);
    made->setShortcut(keys);
    made->setProperty("menu", menu);
    addAction(made);
    connect(&Appearance::instance(), &Appearance::changed, made,
            [made, which] { made->setIcon(icon(which)); });
    return made;
}

QToolButton* HeatmapPane::button(QAction* action, bool words) {
    auto* made = new QToolButton(this);
    made->setDefaultAction(action);
    made->setToolButtonStyle(words ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
    made->setIconSize({16, 16});
    made->setAccessibleName(action->text());
    made->setFocusPolicy(Qt::TabFocus);
    return made;
}

void HeatmapPane::makeControls() {
    QBoxLayout* row = &controls();
    row->parentWidget()->setMinimumWidth(1);  // squeezed: words of buttons go first (resizeEvent)
    m_title = plainLabel({}, "title", this);
    m_chip = new ElidingLabel("chip", this);
    row->addWidget(m_title);
    row->addWidget(m_chip, 0, Qt::AlignVCenter);
    m_kind = new QComboBox(this);
    m_kind->setAccessibleName(tr("Which attention of the model"));
    row->addWidget(m_kind);
    row->addStretch(1);

    auto* zoomOut = action("zoomOut", tr("Zoom out"), QKeySequence::ZoomOut, "view", Icon::zoomOut);
    auto* zoomIn = action("zoomIn", tr("Zoom in"), QKeySequence::ZoomIn, "view", Icon::zoomIn);
    auto* fit = action("zoomFit", tr("Fit the map"), QKeySequence(Qt::CTRL | Qt::Key_0), "view", Icon::fit);
    connect(zoomOut, &QAction::triggered, m_view, [this] { m_view->zoom(0.8); });
    connect(zoomIn, &QAction::triggered, m_view, [this] { m_view->zoom(1.25); });
    connect(fit, &QAction::triggered, m_view, &HeatmapView::fit);
    m_zoom = plainLabel(tr("Fit"), "secondary", this);
    m_zoom->setMinimumWidth(40);
    m_zoom->setAlignment(Qt::AlignCenter);
    row->addWidget(button(zoomOut, false));
    row->addWidget(m_zoom);
    row->addWidget(button(zoomIn, false));
    row->addWidget(button(fit, false));

    m_pooling = new Segments(tr("What a pixel shows of several cells"), {tr("Max"), tr("Mean")}, this);
    row->addWidget(m_pooling);
    connect(m_pooling, &Segments::chosenChanged, this, [this](int index) {
        ViewSettings view = workspace().view();
        view.pooling = index == 0 ? Pooling::max : Pooling::mean;
        workspace().setView(view);
    });
    const auto check = [&](const QString& text, const char* key, auto&& apply) {
        auto* box = new QCheckBox(text, this);
        box->setChecked(QSettings(stateFile(), QSettings::IniFormat).value(key, true).toBool());
        connect(box, &QCheckBox::toggled, this, [key, apply](bool on) {
            QSettings(stateFile(), QSettings::IniFormat).setValue(key, on);
            apply(on);
        });
        apply(box->isChecked());
        row->addWidget(box);
        m_checks << box;
    };
    check(tr("Values"), "heatmap/values", [this](bool on) { m_view->setValuesShown(on); });
    check(tr("Margins"), "heatmap/margins", [this](bool on) { m_view->setMarginsShown(on); });

    auto* copyIt = action("copyFigure", tr("Copy figure"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
                          "edit", Icon::copy);
    connect(copyIt, &QAction::triggered, this, [this] {
        const auto hovered = m_view->hovered();
        m_view->setHovered(std::nullopt);
        copyFigure(*m_view);
        m_view->setHovered(hovered);
        emit workspace().noticed(tr("The figure is on the clipboard"));
    });
    auto* copyText = action("copyValues", tr("Copy values"), QKeySequence(Qt::CTRL | Qt::ALT | Qt::Key_C),
                            "edit", Icon::copy);
    connect(copyText, &QAction::triggered, this, [this] {
        const QString text = values();
        if (text.isEmpty()) return;
        QGuiApplication::clipboard()->setText(text);
        emit workspace().noticed(
            tr("%1 rows of values are on the clipboard").arg(countText(text.count('\n') - 1)));
    });
    auto* copy = button(copyIt, true);
    copy->setText(tr("Copy"));
    connect(copyIt, &QAction::changed, copy, [copy] { copy->setText(tr("Copy")); });
    row->addWidget(copy);
    m_wordButtons << copy;
    auto* exportFile = new QToolButton(this);
    exportFile->setText(tr("Export…"));
    exportFile->setIcon(icon(Icon::exportFile));
    exportFile->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    exportFile->setFocusPolicy(Qt::TabFocus);
    connect(&Appearance::instance(), &Appearance::changed, exportFile,
            [exportFile] { exportFile->setIcon(icon(Icon::exportFile)); });
    connect(exportFile, &QToolButton::clicked, &workspace(), &Workspace::exportRequested);
    row->addWidget(exportFile);
    m_wordButtons << exportFile;

    connect(m_kind, &QComboBox::activated, &workspace(), &Workspace::setSourceIndex);
}

void HeatmapPane::showMap() {
    m_kind->clear();
    if (workspace().isEmpty()) {
        m_view->setMap(nullptr, {}, {}, {});
        m_readOut->setParts({});
        return showSentence(tr("Open a session, or a model and run a text, to see its attention."));
    }
    showBody();
    for (const auto& source : workspace().run()->sources)
        m_kind->addItem(QString::fromUtf8(attentionKindName(source->info().kind).data()));
    m_kind->setCurrentIndex(workspace().sourceIndex());
    m_kind->setVisible(m_kind->count() > 1);
    m_kind->setMinimumWidth(m_kind->sizeHint().width());  // a layout would cut its words
    m_view->setMap(workspace().source(), workspace().shownHead(), workspace().queryTexts(),
                   workspace().keyTexts());
    m_view->setPins(workspace().pins());
    m_view->setTokens(workspace().selection().queries, workspace().selection().keys);
    workspace().setSeen(m_view->seenQueries(), m_view->seenKeys());
    showScale();
}

void HeatmapPane::showScale() {
    if (workspace().isEmpty()) return;
    m_view->setPooling(workspace().view().pooling);
    m_view->setScale(workspace().scale());
    m_pooling->choose(workspace().view().pooling == Pooling::max ? 0 : 1);
    showTitle();
    showZoom();
    showFacts();
}

void HeatmapPane::showTitle() {
    m_title->setText(workspace().headTitle());
    QStringList chips;
    if (workspace().headReady()) {
        const auto& info = workspace().source()->info();
        if (info.combined.empty()) {
            const auto& summary = workspace().source()->summary(workspace().shownHead());
            chips << tr("row entropy %1").arg(scoreText(summary.rowEntropy));
        }
        if (info.renormalized) chips << tr("renormalized");
    } else {
        chips << tr("not computed yet");
    }
    const auto& raw = workspace().rawSource()->info();
    if (const auto pads = static_cast<int>(raw.visibility.maskedKeys().size()); pads > 0) {
        const int hidden = raw.keys - contentOf(raw).keys.size();
        chips << (hidden == pads ? tr("%1 padding tokens hidden") : tr("%1 padding tokens"))
                     .arg(countText(pads));
    }
    if (!m_complete) chips.prepend(tr("overview, tiles follow"));
    m_chip->setText(chips.join(" · "));
}

// The words of how far it is zoomed give way to the title, which says what is shown.
void HeatmapPane::arrangeZoom() {
    m_zoom->setVisible(width() >= (m_pooling->isHidden() ? 480 : 640));
}

void HeatmapPane::showZoom() {
    const int pooled = m_view->pooledCells();
    const auto& source = workspace().source();
    m_zoom->setText(!source || m_view->isFitted()
                        ? tr("Fit")
                        : QString::number(source->info().keys / m_view->xAxis->range().size(), 'f', 1) +
                              QChar(0xD7));
    m_pooling->setVisible(pooled > 1);
    arrangeZoom();
}

void HeatmapPane::showFacts() {
    if (workspace().isEmpty()) return;
    const auto cell = workspace().hovered() ? workspace().hovered() : workspace().pinned();
    if (!cell) {
        m_readOut->setParts({{ReadOutPart::Kind::plain, tr("Point at a cell to read it")}},
                            tr("click a cell to pin it"));
        setAccessibleValue(*m_view, workspace().headTitle());
        return;
    }
    m_readOut->setParts(cellFacts(workspace(), *cell, m_view->pooledCells()),
                        workspace().pins().size() > 1 ? tr("%1 cells pinned").arg(workspace().pins().size())
                        : workspace().pinned()
                            ? tr("row %1 pinned").arg(countText(workspace().pinned()->query))
                            : tr("click a cell to pin it"));
    setAccessibleValue(*m_view, m_readOut->text());
}

// What is seen: keys across, queries down.
QString HeatmapPane::values() const {
    if (!workspace().headReady()) return {};
    const auto& source = *workspace().source();
    const auto span = [](const QCPRange& range, int count) {
        return std::pair(std::max(0, static_cast<int>(std::floor(range.lower))),
                         std::min(count, static_cast<int>(std::ceil(range.upper))));
    };
    const auto [firstKey, endKey] = span(m_view->xAxis->range(), source.info().keys);
    const auto [firstQuery, endQuery] = span(m_view->yAxis->range(), source.info().queries);
    if (static_cast<qint64>(endKey - firstKey) * (endQuery - firstQuery) > kMostCopiedCells) {
        emit workspace().noticed(
            tr("More than a million values are seen: zoom in, or export them as NPZ or CSV"));
        return {};
    }
    QString text;
    for (int key = firstKey; key < endKey; ++key) text += "\t" + workspace().keyTexts().value(key);
    text += "\n";
    std::vector<float> row(static_cast<std::size_t>(source.info().keys));
    for (int query = firstQuery; query < endQuery; ++query) {
        source.row(workspace().shownHead(), query, row);
        text += workspace().queryTexts().value(query);
        for (int key = firstKey; key < endKey; ++key)
            text += "\t" + QString::number(static_cast<double>(row[static_cast<std::size_t>(key)]), 'g', 7);
        text += "\n";
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new HeatmapPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kHeatmapPane{.id = "heatmap",
                                         .title = QT_TRANSLATE_NOOP("Pane", "Heatmap"),
                                         .accessible = QT_TRANSLATE_NOOP("Pane", "The chosen head's map"),
                                         .place = PanePlace::centre,
                                         .create = &create};

}  // namespace attnviz::ui
