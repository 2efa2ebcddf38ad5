// What the clustering pane shows of clusters that were found: map or tree, silhouettes, table, and the card
// of the head under the pointer. Stacked where there is height, side by side where there is width. It knows
// clusters and draws them; what a click means is the pane's to say.
#pragma once

#include <QScrollArea>
#include <memory>
#include <optional>
#include <vector>

#include "core/analysis/clusters.h"
#include "core/analysis/head_roles.h"

class QBoxLayout;
class QStackedWidget;
class QTableView;

namespace attnviz::ui {

class ClusterMap;
class ClusterTable;
class HeadCard;
class SilhouetteView;
class TreeView;

class ClusterBody final : public QScrollArea {
    Q_OBJECT
 public:
    explicit ClusterBody(QWidget* parent);

    QWidget* picture() const { return m_inner; }
    void setTreeShown(bool tree);
    // Null: nothing is shown. `roles` by head of `found`; empty while they are not known.
    void setClusters(std::shared_ptr<const HeadClusters> found, const std::vector<HeadRole>& roles);
    void setRoles(const std::vector<HeadRole>& roles);
    void setChosen(const std::vector<HeadId>& heads, HeadId shown);
    // Lights the head's marks; the card is hidden if it is none of these.
    void setHovered(std::optional<HeadId> head);
    void showCard(HeadId head, const QStringList& lines, const QImage& pattern);
    void hideCard();
    const HeadPlace* placeOf(HeadId head) const;

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    // `middle` is the one to show of them: the medoid of a cluster.
    void headsClicked(const std::vector<attnviz::HeadId>& heads, std::optional<attnviz::HeadId> middle,
                      Qt::KeyboardModifiers modifiers);
    void headHovered(std::optional<attnviz::HeadId> head);
    void countChosen(int clusters);

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void arrange();
    void describe(HeadId head, const QStringList& lines);
    void describeShown();
    void chooseCluster(int cluster, Qt::KeyboardModifiers modifiers);

    QWidget* m_inner;
    QBoxLayout* m_parts;
    QStackedWidget* m_pictures;
    ClusterMap* m_map;
    TreeView* m_tree;
    SilhouetteView* m_silhouettes;
    ClusterTable* m_model;
    QTableView* m_table;
    HeadCard* m_card;
    std::shared_ptr<const HeadClusters> m_found;
    HeadId m_shown;
};

}  // namespace attnviz::ui
