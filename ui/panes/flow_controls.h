// The controls of the Flow pane: which weights, which links are kept, which layers, which view; and whose
// path is shown. They remember themselves, the layers apart, which are a model's.
#pragma once

#include <QWidget>
#include <optional>

#include "core/analysis/flow.h"

class QBoxLayout;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QToolButton;

namespace attnviz::ui {

class ElidingLabel;
class Segments;

enum class FlowPaneView { sankey, bipartite, rollout };

class FlowControls final : public QObject {
    Q_OBJECT
 public:
    // Fills the row.
    FlowControls(QBoxLayout& row, QWidget* parent);

    FlowPaneView view() const;
    bool chosenHeads() const;
    LinkOptions keep(int keys) const;  // `keys`: of the source
    QString keepText() const;          // "top 3 per query"
    // The layers of the range, in [0, ready). Of one layer's view the shown head's layer counts instead.
    std::pair<int, int> layers(int ready) const;

    // `combined`: what the view bar makes of the heads; then there is nothing to choose.
    void showHeads(int heads, int chosen, const QString& combined);
    void showLayers(int ready, int current);
    void showPath(const QString& token);  // empty: of all
    void setWidth(int width);             // words go first where it is narrow
    void restyle();

 signals:
    void changed();
    void layerChosen(int layer);  // of one layer's view
    void pathCleared();

 private:
    void remember(const char* key, const QVariant& value);
    void showAmount();
    void takeLayers();

    QBoxLayout* m_row;
    Segments* m_view;
    QComboBox *m_weights, *m_keep, *m_layers;
    QDoubleSpinBox* m_amount;  // of a threshold or a mass
    bool m_chosenHeads = false;
    double m_threshold = 0.05, m_mass = 0.8;
    QLabel* m_layersWord;
    QList<QLabel*> m_words;
    QLabel* m_pathWord;
    ElidingLabel* m_path;
    QToolButton* m_clear;
    int m_ready = 0;
    std::optional<std::pair<int, int>> m_range;  // nothing: all
    int m_width = 0;
};

}  // namespace attnviz::ui
