// Statistics: the numbers of the shown head, and the row entropy of all heads by layer.
#include <QChartView>
#include <QCoreApplication>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineSeries>
#include <QScatterSeries>
#include <QVBoxLayout>
#include <QValueAxis>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/head_metrics.h"
#include "ui/theme/appearance.h"
#include "ui/theme/chart_style.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

class StatisticsPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("StatisticsPane", text); }
    StatisticsPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_picture : nullptr; }

 private:
    void refresh(unsigned changes) override;
    void showNumbers();
    void showEntropies();
    void style();

    std::array<QLabel*, 8> m_numbers{};
    QWidget* m_picture;
    QChart* m_chart;
    QScatterSeries *m_heads, *m_chosen;
    QLineSeries* m_mean;
    QValueAxis *m_layers, *m_nats;
};

StatisticsPane::StatisticsPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "statistics", kRun | kSource | kHead | kTheme, parent) {
    m_picture = new QWidget(this);
    auto* column = new QVBoxLayout(m_picture);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* grid = new QGridLayout;
    grid->setContentsMargins(12, 10, 12, 6);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    const char* names[] = {QT_TRANSLATE_NOOP("StatisticsPane", "Row entropy"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Normalized"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Effective tokens"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Sparsity < 0.01"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Largest weight"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Mean distance"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "First token"),
                           QT_TRANSLATE_NOOP("StatisticsPane", "Previous token")};
    for (std::size_t i = 0; i < m_numbers.size(); ++i) {
        const int row = static_cast<int>(i) / 2, side = static_cast<int>(i) % 2 * 3;
        auto* name = plainLabel(tr(names[i]), "secondary", this);
        m_numbers[i] = plainLabel({}, "strong", this);
        m_numbers[i]->setAlignment(Qt::AlignRight);
        name->setBuddy(m_numbers[i]);
        grid->addWidget(name, row, side);
        grid->addWidget(m_numbers[i], row, side + 1);
    }
    grid->setColumnMinimumWidth(2, 16);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(4, 1);
    column->addLayout(grid);
    auto* heading = new QHBoxLayout;
    heading->setContentsMargins(12, 6, 12, 0);
    heading->addWidget(plainLabel(tr("Row entropy by layer"), "strong", this));
    heading->addStretch(1);
    heading->addWidget(plainLabel(tr("nats · dot = head, line = mean"), "caption", this));
    column->addLayout(heading);

    m_chart = new QChart;
    m_heads = new QScatterSeries(m_chart);
    m_chosen = new QScatterSeries(m_chart);
    m_mean = new QLineSeries(m_chart);
    m_layers = new QValueAxis(m_chart);
    m_nats = new QValueAxis(m_chart);
    m_chart->addAxis(m_layers, Qt::AlignBottom);
    m_chart->addAxis(m_nats, Qt::AlignLeft);
    for (QXYSeries* series : {static_cast<QXYSeries*>(m_heads), static_cast<QXYSeries*>(m_mean),
                              static_cast<QXYSeries*>(m_chosen)}) {
        m_chart->addSeries(series);
        series->attachAxis(m_layers);
        series->attachAxis(m_nats);
    }
    m_heads->setMarkerSize(5);
    m_chosen->setMarkerSize(8);
    m_layers->setLabelFormat("%.0f");
    m_layers->setGridLineVisible(false);
    auto* view = new QChartView(m_chart, this);
    view->setRenderHint(QPainter::Antialiasing);
    view->setFrameShape(QFrame::NoFrame);
    view->setBackgroundBrush(Qt::NoBrush);
    view->setStyleSheet("background: transparent");
    view->setFocusPolicy(Qt::NoFocus);
    view->setMinimumHeight(110);
    view->setAccessibleName(tr("Row entropy of every head by layer"));
    column->addWidget(view, 1);
    setBody(m_picture);
    addCaption();
}

void StatisticsPane::style() {
    const auto& p = ui::palette();
    styleChart(*m_chart);
    QColor dot = p.tableBar;
    dot.setAlpha(150);
    m_heads->setColor(dot);
    m_heads->setBorderColor(Qt::transparent);
    m_chosen->setColor(p.accent);
    m_chosen->setBorderColor(p.panel);
    m_mean->setPen(QPen(p.text, 1.5));
}

void StatisticsPane::refresh(unsigned changes) {
    if ((changes & kTheme) != 0) style();
    if (workspace().isEmpty()) {
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see its numbers."));
    }
    showBody();
    showNumbers();
    showEntropies();
}

void StatisticsPane::showNumbers() {
    if (!workspace().headReady()) {
        for (auto* label : m_numbers) label->setText(QStringLiteral("–"));
        m_left->setText(tr("This layer is not computed yet"));
        m_right->setText({});
        return;
    }
    const auto& info = workspace().source()->info();
    const auto& summary = workspace().source()->summary(workspace().shownHead());
    const double distance = summary.meanDistance;
    const QStringList numbers{tr("%1 nats").arg(scoreText(summary.rowEntropy)),
                              scoreText(summary.normalizedRowEntropy),
                              scoreText(summary.effectiveTokens, 2),
                              percentText(summary.visibleSparsity),
                              weightText(summary.maxWeight),
                              scoreText(distance, distance >= 100 ? 0 : 2),
                              scoreText(summary.firstToken),
                              scoreText(summary.previousToken)};
    for (std::size_t i = 0; i < m_numbers.size(); ++i)
        m_numbers[i]->setText(numbers[static_cast<qsizetype>(i)]);
    m_left->setText(workspace().headTitle());
    m_right->setText(info.renormalized ? tr("renormalized") : tr("masked cells left out"));
}

void StatisticsPane::showEntropies() {
    QList<QPointF> heads, mean, chosen;
    double largest = 0;
    if (const auto& source = workspace().rawSource()) {
        const auto& info = source->info();
        for (int layer = 0; layer < source->layersReady(); ++layer) {
            double sum = 0;
            for (int head = 0; head < info.heads; ++head) {
                const double entropy = source->summary({layer, head}).rowEntropy;
                sum += entropy;
                largest = std::max(largest, entropy);
                // Side by side within the layer, so that dots of equal height are told apart.
                const double aside = info.heads > 1 ? (head / (info.heads - 1.0) - 0.5) * 0.5 : 0;
                heads.append({layer + aside, entropy});
                if (HeadId{layer, head} == workspace().head()) chosen.append(heads.back());
            }
            mean.append({static_cast<double>(layer), sum / info.heads});
        }
        m_layers->setRange(-0.5, info.layers - 0.5);
        const int step = std::max(1, (info.layers + 11) / 12);
        m_layers->setTickType(QValueAxis::TicksDynamic);
        m_layers->setTickAnchor(0);
        m_layers->setTickInterval(step);
    }
    const double top = largest > 0 ? largest * 1.08 : 1;
    double tick = std::pow(10, std::floor(std::log10(top)));
    if (top / tick < 2) tick /= 5;
    if (top / tick > 5) tick *= 2;
    m_nats->setRange(0, top);
    m_nats->setTickType(QValueAxis::TicksDynamic);
    m_nats->setTickAnchor(0);
    m_nats->setTickInterval(tick);
    m_nats->setLabelFormat(tick < 1 ? "%.1f" : "%.0f");
    m_heads->replace(heads);
    m_mean->replace(mean);
    m_chosen->replace(chosen);
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new StatisticsPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kStatisticsPane{
    .id = "statistics",
    .title = QT_TRANSLATE_NOOP("Pane", "Statistics"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Numbers of the shown head, entropies of all"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
