// Statistics: the numbers of the shown head, a number of every head by layer, the shown head's weights by
// size and by distance.
#include <QComboBox>
#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QSettings>
#include <QVBoxLayout>
#include <array>
#include <cmath>

#include "core/analysis/histogram.h"
#include "core/analysis/statistics.h"
#include "ui/panes/distance_charts.h"
#include "ui/panes/histogram_chart.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/state/head_metrics.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/chart_view.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_grid.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kLogarithmicFrom = 128;                // distances
constexpr int kLeastPart = 84, kLeastBreadth = 200;  // of a chart with its heading
constexpr int kNumbersBreadth = 360, kLowDock = 340;
constexpr const char* kByLayer[] = {"entropy", "normalized-entropy", "sparsity", "effective-tokens",
                                    "distance"};
constexpr std::size_t kMetrics = std::size(kByLayer);

// By layer and head, one after another.
using Scores = std::array<std::vector<double>, kMetrics>;

// What takes a pass over the shown head.
struct HeadPass {
    BlockStatistics numbers;
    std::optional<DistanceProfile> profile;
};

class StatisticsPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("StatisticsPane", text); }
    StatisticsPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_picture : nullptr; }
    QString values() const override;

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    // A chart under its heading.
    struct Part {
        QWidget* whole;
        QLabel* title;
        ElidingLabel* note;
    };
    void refresh(unsigned changes) override;
    Part headed(const QString& title, ChartView* chart);
    void connectCharts();
    void arrange();
    const HeadMetric& metric() const { return headMetric(kByLayer[m_metric->currentIndex()]); }
    void clear();
    void showNumbers();
    void showScores();
    void showChosen();
    void showCaption();
    void showHistogram();
    void showProfile();
    void measureScores();
    void measureHead();
    void countAll(int layer, WeightHistogram sum);
    QString shownName() const;
    double scoreOf(HeadId head) const;
    // NaN while the pass is still that of the head before.
    double giniOfShown() const {
        return m_pass && !isComputing("head") ? m_pass->numbers.corrected.spread.gini : std::nan("");
    }

    QComboBox* m_metric;
    QWidget* m_picture;
    NumberGrid* m_numbers;
    QBoxLayout *m_outer, *m_charts;
    HeadDots* m_dots;
    HistogramChart* m_histogram;
    ProfileChart* m_profile;
    Part m_dotsPart{}, m_histogramPart{}, m_profilePart{};
    std::shared_ptr<const AttentionSource> m_scored, m_counted;  // whose heads the numbers below are of
    Scores m_scores;
    std::optional<HeadPass> m_pass;
    std::optional<WeightHistogram> m_all;
    QString m_reading;  // of the place under the pointer
    bool m_bySide = false;
};

StatisticsPane::StatisticsPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "statistics", kRun | kSource | kHead | kChosen | kHoverHead | kRunning | kTheme, parent) {
    m_metric = new QComboBox(this);
    m_metric->setAccessibleName(tr("Number by layer"));
    for (const char* id : kByLayer)
        m_metric->addItem(QCoreApplication::translate("HeadMetric", headMetric(id).title), QString(id));
    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_metric->setCurrentIndex(std::max(0, m_metric->findData(kept.value("statistics/metric"))));
    controls().addWidget(plainLabel(tr("By layer"), "secondary", this));
    controls().addWidget(m_metric);
    controls().addStretch(1);

    m_picture = new QWidget(this);
    m_picture->setAccessibleName(tr("Statistics"));
    // A low dock shows less, it is not held open.
    m_picture->setMinimumSize(1, 1);
    m_picture->installEventFilter(this);
    m_outer = new QBoxLayout(QBoxLayout::TopToBottom, m_picture);
    m_outer->setContentsMargins(0, 0, 0, 4);
    m_outer->setSpacing(0);
    m_numbers =
        new NumberGrid({tr("Row entropy"), tr("Normalized"), tr("Effective tokens"), tr("Sparsity < 0.01"),
                        tr("Gini"), tr("Mean distance"), tr("Largest weight"), tr("First token")},
                       m_picture);
    m_outer->addWidget(m_numbers);
    m_dots = new HeadDots(tr("A number of every head by layer"), m_picture);
    m_histogram = new HistogramChart(tr("Weights by size, of the shown head and of all"), m_picture);
    m_profile = new ProfileChart(tr("Mean weight by distance, of the shown head"), m_picture);
    m_charts = new QBoxLayout(QBoxLayout::TopToBottom);
    m_charts->setContentsMargins(0, 0, 0, 0);
    m_charts->setSpacing(2);
    m_dotsPart = headed({}, m_dots->view());
    m_histogramPart = headed(tr("Weights"), m_histogram->view());
    m_profilePart = headed(tr("Weight by distance"), m_profile->view());
    m_outer->addLayout(m_charts, 1);
    setBody(m_picture);
    addCaption();
    connectCharts();
}

StatisticsPane::Part StatisticsPane::headed(const QString& title, ChartView* chart) {
    Part part{new QWidget(m_picture), nullptr, nullptr};
    auto* column = new QVBoxLayout(part.whole);
    column->setContentsMargins(0, 0, 6, 0);
    column->setSpacing(0);
    auto* heading = new QHBoxLayout;
    heading->setContentsMargins(12, 2, 6, 0);
    heading->setSpacing(8);
    part.title = plainLabel(title, "strong", part.whole);
    part.note = new ElidingLabel("caption", part.whole);
    part.note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    heading->addWidget(part.title);
    heading->addWidget(part.note, 1);
    column->addLayout(heading);
    chart->setMinimumHeight(56);
    column->addWidget(chart, 1);
    m_charts->addWidget(part.whole, 1);
    return part;
}

void StatisticsPane::connectCharts() {
    connect(m_metric, &QComboBox::currentIndexChanged, this, [this] {
        QSettings(stateFile(), QSettings::IniFormat).setValue("statistics/metric", m_metric->currentData());
        if (!workspace().isEmpty()) showScores();
    });
    connect(m_dots->view(), &ChartView::clicked, this, [this](const QPointF& at, Qt::KeyboardModifiers keys) {
        const auto head = m_dots->headAt(at);
        if (!head) return;
        if (keys.testFlag(Qt::ControlModifier)) return workspace().toggleHead(*head);
        if (keys.testFlag(Qt::ShiftModifier)) return workspace().extendHeads(*head);
        workspace().setHead(*head);
    });
    connect(m_dots->view(), &ChartView::hovered, this, [this](std::optional<QPointF> at) {
        workspace().setHoveredHead(at ? m_dots->headAt(*at) : std::nullopt);
    });
    connect(m_histogram->view(), &ChartView::hovered, this, [this](std::optional<QPointF> at) {
        const auto bin = at ? m_histogram->binAt(*at) : std::nullopt;
        m_reading.clear();
        if (bin) {
            const auto& found = m_histogram->bins()[static_cast<std::size_t>(*bin)];
            m_reading = tr("%1 to %2: %3 of cells, all heads %4")
                            .arg(weightText(found.from), weightText(found.to), percentText(found.head),
                                 std::isfinite(found.all) ? percentText(found.all) : QStringLiteral("–"));
        }
        showCaption();
    });
    connect(m_profile->view(), &ChartView::hovered, this, [this](std::optional<QPointF> at) {
        const auto distance = at ? m_profile->distanceAt(*at) : std::nullopt;
        const auto found = distance ? m_profile->at(*distance) : std::nullopt;
        m_reading = found
                        ? tr("Distance %1: %2, uniform %3")
                              .arg(countText(*distance), weightText(found->first), weightText(found->second))
                        : QString();
        showCaption();
    });
    for (auto* view : {m_dots->view(), m_histogram->view(), m_profile->view()})
        connect(view, &ChartView::stepped, this, [this](int across, int up) {
            const HeadId now = workspace().head();
            workspace().setHead({now.layer + across, now.head + up});
        });
}

bool StatisticsPane::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_picture && event->type() == QEvent::Resize) arrange();
    return Pane::eventFilter(watched, event);
}

// A low broad dock has numbers and charts side by side. Where there is no room the profile gives way first,
// then the histogram, then the last row of numbers.
void StatisticsPane::arrange() {
    const int breadth = m_picture->width(), height = m_picture->height();
    const bool bySide = height < kLowDock && breadth >= kNumbersBreadth + kLeastBreadth;
    if (bySide != m_bySide) {
        m_bySide = bySide;
        const auto direction = bySide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom;
        m_outer->setDirection(direction);
        m_charts->setDirection(direction);
        m_numbers->setMinimumWidth(bySide ? kNumbersBreadth : 1);
        m_numbers->setMaximumWidth(bySide ? kNumbersBreadth : QWIDGETSIZE_MAX);
    }
    const int threeRows = m_numbers->heightOf(3), fourRows = m_numbers->heightOf(4);
    int charts = bySide ? (height >= kLeastPart - 8 ? (breadth - kNumbersBreadth) / kLeastBreadth : 0)
                        : (height - threeRows) / kLeastPart;
    const bool hasProfile = workspace().source() && workspace().source()->info().square();
    const int most = hasProfile ? 3 : 2;
    charts = std::clamp(charts, 0, most);
    const int room = bySide ? height : height - most * (kLeastPart + 20);
    m_numbers->showRows(room >= fourRows ? 4 : 3);
    m_dotsPart.whole->setVisible(charts >= 1);
    m_histogramPart.whole->setVisible(charts >= 2);
    m_profilePart.whole->setVisible(charts >= 3);
}

void StatisticsPane::clear() {
    m_scored.reset();
    m_counted.reset();
    m_pass.reset();
    m_all.reset();
    m_scores = {};
    for (const char* tag : {"scores", "head", "all"}) cancel(tag);
}

void StatisticsPane::refresh(unsigned changes) {
    if ((changes & kTheme) != 0) {
        m_dots->style();
        m_histogram->style();
        m_profile->style();
    }
    if ((changes & kRun) != 0) clear();
    if (workspace().isEmpty()) {
        clear();
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see its numbers."));
    }
    showBody();
    if ((changes & (kRun | kSource)) != 0) arrange();
    if (workspace().headsSource() != m_scored) measureScores();
    if ((changes & (kRun | kSource | kHead)) != 0) measureHead();
    const auto source = workspace().headsSource();
    // While layers are still to come, each would begin the count anew.
    const bool whole = source->layersReady() >= source->info().layers || workspace().running() < 0;
    if (source != m_counted && whole && source->layersReady() > 0) {
        m_counted = source;
        m_all.reset();
        countAll(0, {});
    }
    showNumbers();
    showChosen();
}

QString StatisticsPane::shownName() const {
    const auto& combined = workspace().source()->info().combined;
    const HeadId head = workspace().head();
    return combined.empty() ? QString("L%1 H%2").arg(head.layer).arg(head.head)
                            : QString("L%1 %2").arg(head.layer).arg(QString::fromStdString(combined));
}

void StatisticsPane::showNumbers() {
    if (!workspace().headReady()) {
        m_numbers->setNumbers({});
        return showCaption();
    }
    const auto& summary = workspace().source()->summary(workspace().shownHead());
    const double distance = summary.meanDistance;
    const double gini = giniOfShown();
    const bool about = m_pass && m_pass->numbers.corrected.approximate;
    m_numbers->setNumbers({tr("%1 nats").arg(scoreText(summary.rowEntropy)),
                           scoreText(summary.normalizedRowEntropy), scoreText(summary.effectiveTokens, 2),
                           percentText(summary.visibleSparsity),
                           (about ? QStringLiteral("≈ ") : QString()) + scoreText(gini),
                           scoreText(distance, distance >= 100 ? 0 : 2), weightText(summary.maxWeight),
                           scoreText(summary.firstToken)});
    showCaption();
}

// A number of every head: at once where the heads are as the model has them; a filter makes its own when
// asked, off this thread.
void StatisticsPane::measureScores() {
    const auto source = workspace().headsSource();
    m_scored = source;
    const auto scoresOf = [](const AttentionSource& heads) {
        Scores scores;
        for (std::size_t i = 0; i < kMetrics; ++i) scores[i] = headScores(heads, headMetric(kByLayer[i]));
        return scores;
    };
    if (source == workspace().rawSource()) {
        cancel("scores");
        m_scores = scoresOf(*source);
        return showScores();
    }
    compute(
        "scores",
        [source, scoresOf](std::stop_token stop) -> Result<Scores> {
            for (int layer = 0; layer < source->layersReady(); ++layer)
                for (int head = 0; head < source->info().heads; ++head)
                    if (auto done = summarizeHead(*source, {layer, head}, stop); !done) return done.error();
            return scoresOf(*source);
        },
        [this](Result<Scores> scores) {
            if (!scores) return;
            m_scores = *std::move(scores);
            showScores();
            showChosen();
        });
}

void StatisticsPane::showScores() {
    const auto& info = workspace().headsSource()->info();
    m_dots->setValues(info.layers, info.heads, m_scores[static_cast<std::size_t>(m_metric->currentIndex())]);
    m_dotsPart.title->setText(tr("%1 by layer").arg(m_metric->currentText()));
    const QString marks = tr("dot = head, line = mean");
    m_dotsPart.note->setText(metric().value == &HeadSummary::rowEntropy ? tr("nats · %1").arg(marks)
                             : metric().value == &HeadSummary::meanDistance && !info.square()
                                 ? tr("between two texts a distance has no meaning")
                                 : marks);
    showChosen();
}

double StatisticsPane::scoreOf(HeadId head) const {
    const auto& scores = m_scores[static_cast<std::size_t>(m_metric->currentIndex())];
    const auto at = static_cast<std::size_t>(head.layer) *
                        static_cast<std::size_t>(workspace().headsSource()->info().heads) +
                    static_cast<std::size_t>(head.head);
    return at < scores.size() ? scores[at] : std::nan("");
}

void StatisticsPane::showChosen() {
    const auto& selection = workspace().selection();
    m_dots->setChosen(selection.heads, selection.head, workspace().hoveredHead());
    const HeadId head = selection.head;
    const QString words = QString("L%1 H%2, %3 %4")
                              .arg(head.layer)
                              .arg(head.head)
                              .arg(m_metric->currentText(), scoreText(scoreOf(head), metric().decimals));
    for (auto* view : {m_dots->view(), m_histogram->view(), m_profile->view()}) view->setDescription(words);
    showCaption();
}

void StatisticsPane::showCaption() {
    if (workspace().isEmpty()) return;
    const auto& info = workspace().source()->info();
    if (const auto hovered = workspace().hoveredHead(); hovered && m_reading.isEmpty()) {
        m_left->setText(
            tr("L%1 H%2: %3 %4")
                .arg(hovered->layer)
                .arg(hovered->head)
                .arg(m_metric->currentText().toLower(), scoreText(scoreOf(*hovered), metric().decimals)));
    } else if (!m_reading.isEmpty()) {
        m_left->setText(m_reading);
    } else {
        m_left->setText(workspace().headReady() ? workspace().headTitle()
                                                : tr("This layer is not computed yet"));
    }
    m_right->setText(info.renormalized      ? tr("renormalized")
                     : !m_reading.isEmpty() ? QString()
                                            : tr("masked cells left out"));
}

void StatisticsPane::measureHead() {
    if (!workspace().headReady()) {
        cancel("head");
        m_pass.reset();
        showHistogram();
        return showProfile();
    }
    compute(
        "head",
        [source = workspace().source(),
         head = workspace().shownHead()](std::stop_token stop) -> Result<HeadPass> {
            const std::vector<int> layers{head.layer}, heads{head.head};
            auto numbers = attentionStatistics(*source, {.layers = layers, .heads = heads}, {}, stop);
            if (!numbers) return numbers.error();
            HeadPass pass{numbers->overall, std::nullopt};
            if (!source->info().square()) return pass;
            auto profile = distanceProfile(*source, {.layers = layers, .heads = heads}, {}, stop);
            if (!profile) return profile.error();
            pass.profile = *std::move(profile);
            return pass;
        },
        [this](Result<HeadPass> pass) {
            m_pass = pass ? std::optional(*std::move(pass)) : std::nullopt;
            showNumbers();
            showHistogram();
            showProfile();
        });
}

// A layer at a time: what other panes ask for gets in between.
void StatisticsPane::countAll(int layer, WeightHistogram sum) {
    compute(
        "all",
        [source = m_counted, layer](std::stop_token stop) {
            return weightHistogram(*source, {.layers = {layer}}, {}, stop);
        },
        [this, layer, sum](Result<WeightHistogram> counts) {
            if (!counts || !m_counted) return;
            WeightHistogram both = sum;
            both.add(*counts);
            if (layer + 1 < m_counted->layersReady()) return countAll(layer + 1, both);
            m_all = both;
            showHistogram();
        });
}

void StatisticsPane::showHistogram() {
    m_histogram->setCounts(m_pass ? std::optional(m_pass->numbers.histogram) : std::nullopt, m_all);
    m_histogramPart.note->setText(m_all ? tr("bars = %1, line = all heads").arg(shownName())
                                        : tr("bars = %1").arg(shownName()));
}

void StatisticsPane::showProfile() {
    static const std::vector<double> kNothing;
    const auto* profile = m_pass && m_pass->profile ? &*m_pass->profile : nullptr;
    const bool logarithmic = workspace().source()->info().keys > kLogarithmicFrom;
    m_profile->setProfile(profile ? profile->weight : kNothing, profile ? profile->uniform : kNothing,
                          logarithmic);
    m_profilePart.note->setText(tr("line = %1, dashed = uniform%2")
                                    .arg(shownName(), m_profile->binned() > 1 ? tr(", means") : QString()));
}

// One number a line: what it is, of which layer and head, between which weights or at which distance.
QString StatisticsPane::values() const {
    if (!bodyShown() || !workspace().headReady()) return {};
    QString text = "measure\tlayer\thead\tfrom\tto\tvalue\n";
    const auto add = [&text](const QString& what, const QString& layer, const QString& head,
                             const QString& from, const QString& to, double value) {
        if (!std::isfinite(value)) return;
        text += QStringList{what, layer, head, from, to, QString::number(value, 'g', 9)}.join('\t') + "\n";
    };
    const auto& combined = workspace().source()->info().combined;
    const QString layer = QString::number(workspace().head().layer),
                  head = combined.empty() ? QString::number(workspace().head().head)
                                          : QString::fromStdString(combined);
    const auto& summary = workspace().source()->summary(workspace().shownHead());
    const std::pair<const char*, double> numbers[] = {
        {"row_entropy", summary.rowEntropy},
        {"normalized_row_entropy", summary.normalizedRowEntropy},
        {"effective_tokens", summary.effectiveTokens},
        {"visible_sparsity", summary.visibleSparsity},
        {"gini", giniOfShown()},
        {"mean_distance", summary.meanDistance},
        {"max_attention", summary.maxWeight},
        {"first_token", summary.firstToken}};
    for (const auto& [what, value] : numbers) add(what, layer, head, {}, {}, value);
    const auto& info = workspace().headsSource()->info();
    for (int l = 0; l < info.layers; ++l)
        for (int h = 0; h < info.heads; ++h)
            add("by_layer:" + m_metric->currentData().toString(), QString::number(l), QString::number(h), {},
                {}, scoreOf({l, h}));
    for (const auto& bin : m_histogram->bins()) {
        const QString from = QString::number(bin.from, 'g', 6), to = QString::number(bin.to, 'g', 6);
        add("share_of_cells", layer, head, from, to, bin.head);
        add("share_of_cells", "all", "all", from, to, bin.all);
    }
    if (m_pass && m_pass->profile)
        for (std::size_t distance = 0; distance < m_pass->profile->weight.size(); ++distance) {
            const QString at = QString::number(distance);
            add("weight_by_distance", layer, head, at, at, m_pass->profile->weight[distance]);
            add("uniform_by_distance", layer, head, at, at, m_pass->profile->uniform[distance]);
        }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new StatisticsPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kStatisticsPane{
    .id = "statistics",
    .title = QT_TRANSLATE_NOOP("Pane", "Statistics"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Numbers of the shown head, and of all by layer"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
