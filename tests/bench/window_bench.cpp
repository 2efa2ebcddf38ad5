// What a person feels of a long map: frames while panning and zooming, another colour scale, thin stripes
// that may not be lost, memory held, and the first picture of another head. Synthetic queries and keys, kept
// factored.
//
//   attnviz_window_bench [TOKENS …]      offscreen; prints a line a length
#include <QApplication>
#include <QElapsedTimer>
#include <algorithm>
#include <cstdio>
#include <random>

#include "core/attention/factored_attention.h"
#include "ui/state/tile_requests.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/heatmap_view.h"

using namespace attnviz;
using namespace attnviz::ui;

namespace {

constexpr int kWidth = 64, kSide = 1200, kStripes = 40;

std::shared_ptr<const AttentionSource> factored(int tokens, int heads) {
    AttentionInfo info;
    info.layers = 1;
    info.heads = info.keyValueHeads = heads;
    info.queries = info.keys = tokens;
    info.visibility = Visibility::causal(tokens);
    auto layer = std::make_shared<FactoredLayer>();
    layer->width = kWidth;
    layer->scale = 0.125F;
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const auto count = static_cast<std::size_t>(heads) * static_cast<std::size_t>(tokens) * kWidth;
    layer->queryFloats.resize(count);
    layer->keyFloats.resize(count);
    for (auto* values : {&layer->queryFloats, &layer->keyFloats})
        for (float& value : *values) value = normal(random);
    return FactoredAttention::create(info, {layer});
}

// 0.5 in 40 single columns, 0 elsewhere; every query sees every key.
class Stripes final : public AttentionSource {
 public:
    explicit Stripes(int tokens) {
        m_info.kind = AttentionKind::encoder;
        m_info.layers = m_info.heads = m_info.keyValueHeads = 1;
        m_info.queries = m_info.keys = tokens;
        m_info.visibility = Visibility::full(tokens, tokens);
    }
    static int column(int stripe, int tokens) {
        return (2 * stripe + 1) * tokens / (2 * kStripes) + stripe % 3;
    }
    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId, int, std::span<float> keys) const override {
        std::ranges::fill(keys, 0.0F);
        for (int stripe = 0; stripe < kStripes; ++stripe)
            keys[static_cast<std::size_t>(column(stripe, m_info.keys))] = 0.5F;
    }

 private:
    AttentionInfo m_info;
    Overview m_overview;
    HeadSummary m_summary;
};

struct Shown {
    HeatmapView view;
    TileRequests tiles;

    explicit Shown(const std::shared_ptr<const AttentionSource>& source) {
        view.setMarginsShown(false);
        view.resize(kSide + 240, kSide + 120);
        QObject::connect(&view, &HeatmapView::tileWanted, &view,
                         [this](const TileKey& key) { tiles.request(view.map().source(), key); });
        QObject::connect(&tiles, &TileRequests::ready, &view,
                         [this](const TileKey& key, const TileValues& values, const AttentionSource*) {
                             view.tileReady(key, values);
                         });
        view.show();
        view.setScale(ColorScale(**findColormap("viridis"), 0, 1, false));
        view.setMap(source, {0, 0}, {}, {});
        settle();
    }
    // Until every tile that is seen is there.
    double settle() {
        QElapsedTimer clock;
        clock.start();
        view.replot(QCustomPlot::rpImmediateRefresh);
        while (!view.map().complete() || !tiles.idle())
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        return static_cast<double>(clock.nsecsElapsed()) / 1e6;
    }
};

double percentile(std::vector<double> values, double share) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(share * (static_cast<double>(values.size()) - 1))];
}

void measure(int tokens) {
    const auto clocked = [](auto&& work) {
        QElapsedTimer clock;
        clock.start();
        work();
        return static_cast<double>(clock.nsecsElapsed()) / 1e6;
    };
    Shown shown(factored(tokens, 2));
    std::vector<double> frames, recolours;
    for (int step = 0; step < 120; ++step) {
        frames.push_back(clocked([&] {
            shown.view.zoom(step % 40 < 20 ? 1.12 : 1 / 1.12, QPointF(400 + step, 500));
            shown.view.replot(QCustomPlot::rpImmediateRefresh);
        }));
        QCoreApplication::processEvents();
    }
    shown.view.fit();
    shown.settle();
    for (int step = 0; step < 20; ++step)
        recolours.push_back(clocked([&] {
            shown.view.setScale(
                ColorScale(**findColormap(step % 2 ? "viridis" : "magma"), 0, 1 - step * 0.01, false));
            shown.view.replot(QCustomPlot::rpImmediateRefresh);
        }));
    // Tiles of every level that are held after all that zooming, for each cell of the fitted map: pooled
    // ones, each a pixel or more wide. No image is held beside them.
    const double held = static_cast<double>(shown.view.map().cachedBytes()) /
                        static_cast<double>(shown.view.map().cellsSeen());
    // The first picture is the other head's overview, 64 x 64 and pooled by its maximum; then its tiles come.
    QCoreApplication::processEvents();  // paintings that the scales above have put off
    double first = 0;
    const double whole = clocked([&] {
        first = clocked([&] {
            shown.view.setMap(shown.view.map().source(), {0, 1}, {}, {});
            shown.view.replot(QCustomPlot::rpImmediateRefresh);
        });
        shown.settle();
    });

    Shown stripes(std::make_shared<Stripes>(tokens));
    const QImage image = stripes.view.grab().toImage();
    const QRect area = stripes.view.mapArea();
    const QRgb ground = ColorScale(**findColormap("viridis"), 0, 1, false).color(0);
    int visible = 0;
    for (int stripe = 0; stripe < kStripes; ++stripe) {
        const double at = area.left() + (Stripes::column(stripe, tokens) + 0.5) * area.width() / tokens;
        bool seen = false;
        for (int x = static_cast<int>(at) - 2; x <= static_cast<int>(at) + 2;
             ++x)  // a pooled cell may begin before
            seen |= image.pixel(x, area.center().y()) != ground;
        visible += seen;
    }
    std::printf(
        "%6d tokens: frame p50 %.1f ms, p95 %.1f ms; colours %.1f ms; %d of %d stripes; %.1f bytes a shown "
        "cell; another head: overview in %.0f ms, all tiles in %.0f ms\n",
        tokens, percentile(frames, 0.5), percentile(frames, 0.95), percentile(recolours, 0.5), visible,
        kStripes, held, first, whole);
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(count, arguments);
    std::vector<int> lengths;
    for (int i = 1; i < count; ++i) lengths.push_back(std::max(64, std::atoi(arguments[i])));
    if (lengths.empty()) lengths = {1024, 4096, 8192, 16384};
    if (const auto map = findColormap("viridis"); !map) {
        std::fprintf(stderr, "%s\n", map.error().sentence().c_str());
        return 1;
    }
    for (const int tokens : lengths) measure(tokens);
    return 0;
}
