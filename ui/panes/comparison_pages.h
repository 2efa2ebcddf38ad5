// The pages of the Comparison pane, one of which is seen: maps, table of changes, similarity of all heads.
// Tiles of the maps are computed off the UI thread.
#pragma once

#include <QStackedWidget>
#include <memory>
#include <vector>

#include "core/analysis/difference.h"
#include "ui/panes/change_table.h"
#include "ui/widgets/compare_view.h"

class QTableView;

namespace attnviz::ui {

class LayerDots;
class TileRequests;

class ComparisonPages final : public QStackedWidget {
    Q_OBJECT
 public:
    explicit ComparisonPages(QWidget* parent);
    ~ComparisonPages() override;

    CompareView& maps() const { return *m_maps; }
    const ChangeTable& changes() const { return *m_changes; }
    void setMaps(const std::shared_ptr<const ComparedMaps>& maps);
    void setSimilarity(const Difference& similar);
    void setHead(HeadId head);
    void setHovered(std::optional<Cell> joint);

    void showMaps(std::vector<int> maps);  // which of them
    void showChanges();
    void showSimilarity();

 signals:
    void changeHovered(attnviz::ui::Cell joint);
    void changeChosen(attnviz::ui::Cell joint);
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    void computing(int change);  // tiles of one more map (1), of one less (-1)

 private:
    void makeMaps();
    void makeTable();
    void makeDots();

    CompareView* m_maps;
    std::vector<std::unique_ptr<TileRequests>> m_tiles;  // by map
    QTableView* m_table;
    ChangeTable* m_changes;
    QWidget* m_dots;
    LayerDots *m_divergences, *m_cosines;
};

}  // namespace attnviz::ui
